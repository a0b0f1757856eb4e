/// The one call a client makes to its business server.
public struct BusinessAPI: Sendable {
    private struct NewTask: Encodable {
        let fileName: String
        let fileSize: Int64
        let fileMd5: String
        let userId: WireIdentifier
    }

    private let wire: WireClient
    private let url: String
    private let userId: WireIdentifier

    /// Talks to the business server at `baseURL` (no path), on behalf of `userId`.
    public init(wire: WireClient, baseURL: String, userId: WireIdentifier) {
        self.wire = wire
        self.userId = userId
        url = HTTPAddress.withoutTrailingSlash(baseURL) + "/api/business/new/task"
    }

    /// Asks for an upload; the same file asked for again gives the task that is still open.
    ///
    /// Throws ``UploadFailure/refused(by:retCode:status:)`` when told no.
    public func newTask(fileName: String, fileSize: Int64, fileMd5: String) async throws -> UploadTask {
        let answer = try await wire.post(
            url, json: NewTask(fileName: fileName, fileSize: fileSize, fileMd5: fileMd5, userId: userId),
            to: .business)
        let envelope = try answer.envelope(from: .business)
        guard envelope.retCode == "0" else {
            throw UploadFailure.refused(by: .business, retCode: envelope.retCode, status: envelope.status)
        }
        guard let task = try? envelope.data(as: UploadTask.self), task.isUsable else {
            throw UploadFailure.unexpectedAnswer(from: .business, detail: "no taskId, or no usable URLs")
        }
        return task
    }
}
