import Synchronization

/// The series of one name, one for each set of labels.
final class Family: Sendable {
    let description: MetricDescription
    private let kind: MetricKind
    private let limit: Int
    private let all = Mutex<[Labels: any Series]>([:])

    init(_ description: MetricDescription, kind: MetricKind, limit: Int) {
        (self.description, self.kind, self.limit) = (description, kind, limit)
    }

    /// The series of these labels. One that is asked for as another kind than its name's others is kept, and not shown.
    func series(_ labels: Labels, kind: MetricKind) -> any Series {
        guard kind == self.kind else { return make(kind) }
        return all.withLock { all in
            let labels = all[labels] == nil && all.count >= limit ? labels.others : labels
            if let series = all[labels] { return series }
            let series = make(kind)
            all[labels] = series
            return series
        }
    }

    /// What was measured under these labels; `nil` before the first time.
    func total(_ labels: Labels) -> MetricTotal? {
        all.withLock { $0[labels] }?.total
    }

    private func make(_ kind: MetricKind) -> any Series {
        switch kind {
        case .counter, .gauge: Value()
        case .histogram: Histogram(description.buckets)
        }
    }

    func write(to page: inout Exposition) {
        let series = all.withLock { $0.sorted { $0.key < $1.key } }
        guard !series.isEmpty else { return }
        page.begin(description, kind)
        for (labels, series) in series { series.write(description.name, labels, to: &page) }
    }
}

/// Names and values, by name.
struct Labels: Hashable, Comparable {
    private let text: [String]

    init(_ dimensions: [(String, String)]) {
        text = dimensions.sorted { $0.0 < $1.0 }.flatMap { [$0.0, $0.1] }
    }

    private init(text: [String]) {
        self.text = text
    }

    /// The same names, with values that stand for all that found no room.
    var others: Labels {
        Labels(text: text.enumerated().map { $0.offset.isMultiple(of: 2) ? $0.element : "other" })
    }

    var pairs: [(name: String, value: String)] {
        stride(from: 0, to: text.count, by: 2).map { (text[$0], text[$0 + 1]) }
    }

    static func < (one: Labels, other: Labels) -> Bool {
        one.text.lexicographicallyPrecedes(other.text)
    }
}
