/// The bytes held of a file: sorted, disjoint, never touching ranges. One range however many blocks made it.
///
/// Insertion and look-up find their place by binary search; memory is proportional to the number of holes.
public struct RangeSet: Equatable, Sendable {
    /// The ranges in ascending order; between any two lies at least one byte.
    public private(set) var ranges: [ByteRange] = []

    /// The number of bytes in all ranges together.
    public private(set) var count: Int64 = 0

    /// An empty set.
    public init() {}

    /// The union of the given ranges.
    public init(_ ranges: some Sequence<ByteRange>) {
        for range in ranges { insert(range) }
    }

    /// Whether the set holds nothing.
    public var isEmpty: Bool { ranges.isEmpty }

    /// Adds a range; what is already there stays.
    public mutating func insert(_ range: ByteRange) {
        // Ranges which overlap or touch the new one become one with it.
        let lower = firstIndex { $0.end >= range.start }
        let upper = firstIndex { $0.start > range.end }
        guard lower < upper else {
            ranges.insert(range, at: lower)
            count += range.count
            return
        }
        let start = min(range.start, ranges[lower].start)
        let end = max(range.end, ranges[upper - 1].end)
        guard let merged = ByteRange(start: start, end: end) else { return }
        count += merged.count - ranges[lower..<upper].reduce(0) { $0 + $1.count }
        ranges.replaceSubrange(lower..<upper, with: CollectionOfOne(merged))
    }

    /// Whether every byte of the range is in the set.
    public func contains(_ range: ByteRange) -> Bool {
        let index = firstIndex { $0.end > range.start }
        guard index < ranges.count else { return false }
        return ranges[index].start <= range.start && range.end <= ranges[index].end
    }

    /// Whether the byte at this offset is in the set.
    public func contains(_ offset: Int64) -> Bool {
        ByteRange(first: offset, last: offset).map { contains($0) } ?? false
    }

    /// The set in at most `limit` ranges (1 or more): where it has more, its smallest holes count as held.
    ///
    /// For pictures, which can't show as many.
    public func coarsened(to limit: Int) -> [ByteRange] {
        guard ranges.count > limit, limit > 0 else { return ranges }
        let gaps = zip(ranges, ranges.dropFirst()).map { $1.start - $0.end }
        // The largest holes stay, as many as there is room for, and of equal ones the first.
        let kept = gaps.indices.sorted { (gaps[$1], $0) < (gaps[$0], $1) }.prefix(limit - 1).sorted()
        var start = 0
        return (kept + [ranges.count - 1]).compactMap { last in
            defer { start = last + 1 }
            return ByteRange(start: ranges[start].start, end: ranges[last].end)
        }
    }

    /// What the set lacks of a range, in ascending order: all of it where the set is empty, nothing where it is held.
    public func missing(in range: ByteRange) -> [ByteRange] {
        missing(in: range, limit: .max)
    }

    /// What the set lacks of a file of `size` bytes, in ascending order, the first `limit` ranges at the most.
    public func missing(ofSize size: Int64, limit: Int = .max) -> [ByteRange] {
        guard let file = ByteRange(start: 0, end: size) else { return [] }
        return missing(in: file, limit: limit)
    }

    private func missing(in range: ByteRange, limit: Int) -> [ByteRange] {
        var result: [ByteRange] = []
        var position = range.start
        var index = firstIndex { $0.end > range.start }
        while position < range.end, result.count < limit {
            let next = index < ranges.count ? ranges[index] : nil
            if let gap = ByteRange(start: position, end: min(next?.start ?? range.end, range.end)) {
                result.append(gap)
            }
            guard let next else { break }
            position = next.end
            index += 1
        }
        return result
    }

    /// The first index whose range satisfies a predicate that is false for a prefix and true for the rest.
    private func firstIndex(where predicate: (ByteRange) -> Bool) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if predicate(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
