/// The blocks of one round: shared out to the connections, and added to as the server asks for more.
actor BlockQueue {
    private let fileSize: Int64
    private let blockSize: Int64
    /// In descending order, so that taking the lowest is taking the last.
    private var pending: [ByteRange]
    private var taken: Set<ByteRange> = []
    private(set) var isPaused = false

    init(missing: [ByteRange], fileSize: Int64, blockSize: Int64) {
        self.fileSize = fileSize
        self.blockSize = blockSize
        pending = UploadPlan.blocks(missing: missing, fileSize: fileSize, blockSize: blockSize).reversed()
    }

    /// The lowest block nobody has taken, or nil when there is none or the task is paused.
    func next() -> ByteRange? {
        guard !isPaused, let block = pending.popLast() else { return nil }
        taken.insert(block)
        return block
    }

    /// Adds what is neither queued nor taken in this round: the server may have asked before it saw blocks that are on
    /// their way, and the next round asks it anew anyway.
    func add(missing: [ByteRange]) {
        let new = UploadPlan.blocks(
            missing: missing, excluding: pending + taken, fileSize: fileSize, blockSize: blockSize)
        pending = (pending + new).sorted { $0.startByte > $1.startByte }
    }

    /// Hands out no more blocks.
    func pause() {
        isPaused = true
    }
}
