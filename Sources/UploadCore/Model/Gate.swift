/// Lets at most so many through at once for each key; the others wait in order of arrival.
public actor Gate<Key: Hashable & Sendable> {
    private let width: Int
    private var inside: [Key: Int] = [:]
    private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

    /// - Parameter width: how many at once for each key.
    public init(width: Int) {
        self.width = width
    }

    /// Runs `body` when there is room. Not cut short by cancellation.
    ///
    /// - Throws: what `body` throws.
    public func pass<Result: Sendable>(_ key: Key, _ body: @Sendable () async throws -> Result) async rethrows -> Result
    {
        await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Key) async {
        if inside[key, default: 0] < width {
            inside[key, default: 0] += 1
        } else {
            // The one who leaves hands its place over, so the count stays.
            await withCheckedContinuation { waiting[key, default: []].append($0) }
        }
    }

    private func leave(_ key: Key) {
        if var queue = waiting[key], !queue.isEmpty {
            let next = queue.removeFirst()
            waiting[key] = queue.isEmpty ? nil : queue
            next.resume()
        } else {
            inside[key] = inside[key, default: 1] > 1 ? inside[key, default: 1] - 1 : nil
        }
    }
}
