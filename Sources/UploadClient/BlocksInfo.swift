import Foundation

/// The states of a task.
public enum TaskState: String, Codable, Sendable {
    /// Blocks are taken.
    case upload
    /// Blocks are refused until the task is resumed.
    case pause
    /// Closed on request.
    case cancel
    /// Every byte is held; checking and publishing go on.
    case verify
    /// The file is in place.
    case finish
    /// Closed: the file could not be completed.
    case fail
    /// Closed: no block came for too long.
    case timeout
}

/// What the server holds of a task.
public struct BlocksInfo: Equatable, Sendable {
    /// Size of the file in bytes.
    public let totalSize: Int64
    /// State of the task.
    public let state: TaskState
    /// Missing ranges; empty when all is held.
    public let expectBlocks: [ByteRange]
    /// Bytes held. Counted from ``expectBlocks`` where a server does not say.
    public let receivedSize: Int64
}

extension BlocksInfo {
    private struct Fields: Decodable {
        let totalSize: Int64
        let status: TaskState
        let expectBlocks: [ByteRange]?
        let receivedSize: Int64?
    }

    private struct Nested: Decodable {
        let data: Fields
    }

    /// Reads the four fields from inside `data`, or bare where `data` does not hold them.
    ///
    /// Inside wins, because a server that serves only that form uses the outer `status` for the envelope.
    /// Throws `DecodingError`, that of the bare form, when neither is there.
    init(body: Data) throws {
        let decoder = JSONDecoder()
        let fields: Fields
        if let nested = try? decoder.decode(Nested.self, from: body) {
            fields = nested.data
        } else {
            fields = try decoder.decode(Fields.self, from: body)
        }
        totalSize = fields.totalSize
        state = fields.status
        expectBlocks = fields.expectBlocks ?? []
        receivedSize = fields.receivedSize ?? fields.totalSize - expectBlocks.reduce(0) { $0 + $1.count }
    }
}
