import Synchronization

/// What is measured under one name and one set of labels.
protocol Series: AnyObject, Sendable {
    func add(_ amount: Double)
    func set(_ value: Double)
    /// One more measurement.
    func record(_ value: Double)
    var total: MetricTotal { get }
    func write(_ name: String, _ labels: Labels, to page: inout Exposition)
}

/// A number: a counter's or a gauge's.
final class Value: Series {
    private let value = Mutex(0.0)

    func add(_ amount: Double) { value.withLock { $0 += amount } }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func record(_ new: Double) { set(new) }
    var total: MetricTotal { MetricTotal(count: 1, sum: value.withLock { $0 }) }

    func write(_ name: String, _ labels: Labels, to page: inout Exposition) {
        page.line(name, labels, value.withLock { $0 })
    }
}

/// How many measurements there were up to each bound.
final class Histogram: Series {
    private struct State {
        /// One more than there are bounds, the last for what is beyond all of them.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func add(_ amount: Double) { record(amount) }
    func set(_ value: Double) { record(value) }
    var total: MetricTotal { state.withLock { MetricTotal(count: $0.counts.reduce(0, +), sum: $0.sum) } }

    func write(_ name: String, _ labels: Labels, to page: inout Exposition) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var total: UInt64 = 0
        for (count, bound) in zip(counts, bounds + [.infinity]) {
            total += count
            page.line(name + "_bucket", labels, Double(total), bound: bound)
        }
        page.line(name + "_sum", labels, sum)
        page.line(name + "_count", labels, Double(total))
    }
}

/// What all measurements of a series come to: of a counter or a gauge, its value.
public struct MetricTotal: Sendable, Equatable {
    /// How many measurements there were.
    public var count: UInt64
    /// What they add up to.
    public var sum: Double

    /// Memberwise.
    public init(count: UInt64, sum: Double) {
        self.count = count
        self.sum = sum
    }
}
