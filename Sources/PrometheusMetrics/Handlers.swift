import CoreMetrics

/// A series as swift-metrics' counters want it.
final class SeriesCounter: CounterHandler, FloatingPointCounterHandler {
    private let series: any Series

    init(_ series: any Series) {
        self.series = series
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        if amount > 0 { series.add(amount) }
    }

    func reset() { series.set(0) }
}

/// As its meters and recorders do.
final class SeriesGauge: MeterHandler, RecorderHandler {
    private let series: any Series

    init(_ series: any Series) {
        self.series = series
    }

    func set(_ value: Int64) { series.set(Double(value)) }
    func set(_ value: Double) { series.set(value) }
    func increment(by amount: Double) { series.add(amount) }
    func decrement(by amount: Double) { series.add(-amount) }
    func record(_ value: Int64) { series.record(Double(value)) }
    func record(_ value: Double) { series.record(value) }
}

/// As its timers do: nanoseconds come, seconds are shown.
final class SeriesTimer: TimerHandler {
    private let series: any Series

    init(_ series: any Series) {
        self.series = series
    }

    func recordNanoseconds(_ duration: Int64) { series.record(Double(duration) / 1e9) }
}
