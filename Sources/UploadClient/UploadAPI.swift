import Foundation

/// What the server says to a block.
public enum BlockAnswer: Equatable, Sendable {
    /// Stored.
    case stored
    /// Stored, and the server asks for these ranges.
    case storedMissing([ByteRange])
    /// The task is paused; the block was not taken.
    case paused
}

/// What a client may ask a task to become.
public enum RequestedState: String, Encodable, Sendable {
    /// Take no blocks for now.
    case pause
    /// Take blocks again.
    case upload
    /// Drop what is held and close the task.
    case cancel
}

/// The calls a client makes to the upload server, one exchange each; repeating them is the caller's.
public struct UploadAPI: Sendable {
    private struct StateChange: Encodable {
        let taskId: WireIdentifier
        let status: RequestedState
    }

    private let wire: WireClient
    private let reporter: any ProgressReporter

    /// - Parameter reporter: told about bytes as they leave, and as they turn out to be lost.
    public init(wire: WireClient, reporter: any ProgressReporter) {
        self.wire = wire
        self.reporter = reporter
    }

    /// What the server holds of `task`.
    func blocksInfo(_ task: UploadTask) async throws -> BlocksInfo {
        try Self.blocksInfo(in: try await wire.get(task.blocksUrl, from: .upload))
    }

    /// Sends one block, read anew from the file.
    ///
    /// Throws ``TransientFailure`` also where the bytes arrived damaged, ``TaskGone`` where the task is.
    func send(_ range: ByteRange, of file: SourceFile, to task: UploadTask) async throws -> BlockAnswer {
        let md5 = try await FileHasher.md5(of: file, at: range.startByte, count: range.count)
        try file.checkUnchanged()
        let frame = MultipartBlock(range: range, partMd5: md5, boundary: MultipartBlock.randomBoundary())
        let meter = TransferMeter(reporter: reporter)
        do {
            let body = BlockBody(file: file, range: range, frame: frame, meter: meter)
            let answer = try Self.blockAnswer(in: try await wire.post(task.uploadUrl, block: body))
            if answer == .paused { meter.rollBack() }
            return answer
        } catch {
            meter.rollBack()
            throw error
        }
    }

    /// Asks for another state; being in it already is success too.
    func change(_ task: UploadTask, to state: RequestedState) async throws {
        let change = StateChange(taskId: task.taskId, status: state)
        let answer = try await wire.post(task.stateUrl, json: change, to: .upload)
        let envelope = try answer.envelope(from: .upload)
        guard envelope.retCode != "5" else { return }
        try Self.requireSuccess(envelope)
    }
}

extension UploadAPI {
    static func blocksInfo(in answer: HTTPAnswer) throws -> BlocksInfo {
        // The seed document shows this answer without an envelope.
        if let envelope = try? Envelope(answer.body), envelope.retCode != "0" {
            try requireSuccess(try answer.envelope(from: .upload))
        }
        try answer.throwIfTransient(from: .upload)
        do {
            return try BlocksInfo(body: answer.body)
        } catch {
            throw UploadFailure.unexpectedAnswer(from: .upload, detail: "HTTP \(answer.status) without missing ranges")
        }
    }

    static func blockAnswer(in answer: HTTPAnswer) throws -> BlockAnswer {
        let envelope = try answer.envelope(from: .upload)
        switch envelope.retCode {
        case "1":
            return .storedMissing(try missingRanges(in: envelope))
        case "4":
            return .paused
        case "7":
            throw TransientFailure(reason: "a block arrived damaged")
        default:
            try requireSuccess(envelope)
            return .stored
        }
    }

    private struct FirstMissing: Decodable {
        let expectBlocks: [ByteRange]?
    }

    /// All ranges where the server lists them, else the one the older form names.
    private static func missingRanges(in envelope: Envelope) throws -> [ByteRange] {
        if let ranges = try? envelope.data(as: FirstMissing.self).expectBlocks { return ranges }
        do {
            return [try envelope.data(as: ByteRange.self)]
        } catch {
            throw UploadFailure.unexpectedAnswer(from: .upload, detail: "retCode 1 without missing ranges")
        }
    }

    private static func requireSuccess(_ envelope: Envelope) throws {
        switch envelope.retCode {
        case "0":
            return
        case "2", "9":
            throw TaskGone(retCode: envelope.retCode, status: envelope.status)
        default:
            throw UploadFailure.refused(by: .upload, retCode: envelope.retCode, status: envelope.status)
        }
    }
}
