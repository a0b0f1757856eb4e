/// Computes the MD5 of one staging file from its beginning on, as far as the bytes are there.
///
/// One caller at a time. Errors are those of ``StagingStore``.
public protocol FileHash: Sendable {
    /// Reads on, up to the byte at `end` and not including it; ends early when cancelled.
    ///
    /// - Returns: the number of bytes that are covered now: `end`, less where the file is shorter.
    /// - Throws: ``StagingFileGone`` when the file has no name any more.
    func advance(to end: Int64) async throws -> Int64

    /// What it has come to, at the last multiple of 64 bytes.
    func putDown() -> (bytes: Int64, text: String)

    /// The MD5 of the bytes that are covered.
    func digest() -> MD5Digest
}
