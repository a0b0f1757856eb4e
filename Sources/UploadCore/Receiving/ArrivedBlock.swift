/// A block whose bytes have all come, to be made durable in its staging file.
struct ArrivedBlock: Sendable {
    /// Where its bytes are.
    enum Bytes: Sendable {
        /// Not written yet: a small block, of which nothing is held.
        case inMemory(WholeBlock)
        /// Written, though they may not be on disk.
        case written(BlockDigests)
    }

    let taskID: TaskID
    let bytes: Bytes
    /// The MD5 to hold it against; `nil` where blocks aren't checked.
    let declaredMD5: MD5Digest?

    /// - Throws: `checksumMismatch` unless the digest is the declared one.
    func check(_ digests: BlockDigests) throws(UploadError) {
        guard let declaredMD5, declaredMD5 != digests.block else { return }
        throw UploadError(
            .checksumMismatch, "partMd5 does not match the received bytes, whose MD5 is \(digests.block)")
    }
}

/// What became of a block that is durable.
struct DurableBlock: Sendable {
    /// The pieces that are held since.
    var pieces: [Block]
    /// The task as the COMMIT left it; `nil` when all bytes had been held before.
    var committed: CommittedBlock?
}
