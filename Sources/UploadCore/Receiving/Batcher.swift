/// Group commit: one batch is worked off at a time, and whatever arrives meanwhile forms the next one.
///
/// The batch sizes itself: one item when the service is idle, many when the disk is the bottleneck. A submitted item
/// is worked off whether or not its submitter is cancelled.
actor Batcher<Item: Sendable, Output: Sendable> {
    private typealias Waiter = CheckedContinuation<Output, any Error>

    private let process: @Sendable ([Item]) async throws -> [Result<Output, UploadError>]
    private let limit: Int
    private var waiting: [(item: Item, waiter: Waiter)] = []
    private var isRunning = false

    /// - Parameters:
    ///   - limit: the most items in one batch, so that no batch holds the write lock for long.
    ///   - process: gives a result for each item, in order; what it throws, all of its items throw.
    init(limit: Int = 256, process: @escaping @Sendable ([Item]) async throws -> [Result<Output, UploadError>]) {
        self.limit = limit
        self.process = process
    }

    /// Returns what became of the item in the first batch that began after the call.
    func submit(_ item: Item) async throws -> Output {
        try await withCheckedThrowingContinuation { waiter in
            waiting.append((item, waiter))
            guard !isRunning else { return }
            isRunning = true
            // Unstructured on purpose: an acknowledgement in the making outlives the request that asked for it.
            Task { await run() }
        }
    }

    private func run() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(limit))
            waiting.removeFirst(batch.count)
            do {
                let outputs = try await process(batch.map(\.item))
                precondition(outputs.count == batch.count, "one result for each item")
                for (entry, output) in zip(batch, outputs) {
                    entry.waiter.resume(with: output.mapError { $0 as any Error })
                }
            } catch {
                for entry in batch { entry.waiter.resume(throwing: error) }
            }
        }
        isRunning = false
    }
}
