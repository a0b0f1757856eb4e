/// How far the MD5 of a task's file has been computed, put down so that it can be taken up again: three columns of `tasks`.
public struct FileHashState: Hashable, Sendable {
    /// Counts what makes earlier states worthless: bytes that were held and went. Only the repository counts.
    public var round: Int
    /// The file's first bytes that it covers; a multiple of 64.
    public var bytes: Int64
    /// The state of the hash after them, as the store writes it; empty before the first byte.
    public var text: String

    /// The state before the first byte.
    public init(round: Int) {
        self.init(round: round, bytes: 0, text: "")
    }

    /// Memberwise.
    public init(round: Int, bytes: Int64, text: String) {
        self.round = round
        self.bytes = bytes
        self.text = text
    }
}
