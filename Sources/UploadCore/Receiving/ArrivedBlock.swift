/// A block whose bytes have all come, to be made durable in its staging file.
struct ArrivedBlock: Sendable {
    /// Where its bytes are.
    enum Bytes: Sendable {
        /// Not written yet: a small block, of which nothing is held.
        case inMemory(WholeBlock)
        /// Its missing pieces are written, though they may not be on disk, and are what they should be.
        case written([Block])
    }

    let taskID: TaskID
    let bytes: Bytes
    /// The MD5 to hold it against; `nil` where blocks aren't checked.
    let declaredMD5: MD5Digest?

    /// What of it is still to be written.
    var unwritten: WholeBlock? {
        if case .inMemory(let block) = bytes { block } else { nil }
    }

    /// - Throws: `checksumMismatch` unless the digest is the declared one.
    static func check(_ digest: MD5Digest, against declared: MD5Digest?) throws(UploadError) {
        guard let declared, declared != digest else { return }
        throw UploadError(.checksumMismatch, "partMd5 does not match the received bytes, whose MD5 is \(digest)")
    }
}

/// What became of a block that is durable.
struct DurableBlock: Sendable {
    /// The pieces that are held since.
    var pieces: [Block]
    /// The task as the COMMIT left it; `nil` when all bytes had been held before.
    var committed: CommittedBlock?
}
