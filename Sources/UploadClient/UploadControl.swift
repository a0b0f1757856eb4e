import Foundation

/// Looks at, pauses, resumes and cancels an upload that an earlier run of the client began.
public struct UploadControl: Sendable {
    private let api: UploadAPI
    private let store: ResumeStore
    private let businessURL: String

    /// Knows the uploads that `store` remembers for the business server at `businessURL`.
    public init(wire: WireClient, businessURL: String, store: ResumeStore) {
        api = UploadAPI(wire: wire, reporter: SilentProgress())
        self.store = store
        self.businessURL = HTTPAddress.withoutTrailingSlash(businessURL)
    }

    /// What the server holds of the upload of `path`. Throws ``UploadFailure``.
    public func status(_ path: String) async throws -> BlocksInfo {
        let state = try remembered(path)
        return try await once { try await api.blocksInfo(state.task) }
    }

    /// Asks the server for another state of the upload of `path`; a cancelled upload is forgotten here too.
    ///
    /// Throws ``UploadFailure``.
    public func change(_ path: String, to requested: RequestedState) async throws {
        let state = try remembered(path)
        try await once { try await api.change(state.task, to: requested) }
        if requested == .cancel {
            try store.remove(businessURL: businessURL, path: state.path)
        }
    }

    private func remembered(_ path: String) throws -> ResumeState {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        guard let state = try store.load(businessURL: businessURL, path: path) else {
            throw UploadFailure.notRemembered(path: path)
        }
        return state
    }

    /// One try only: someone waits at a prompt.
    private func once<Result: Sendable>(_ call: () async throws -> Result) async throws -> Result {
        do {
            return try await call()
        } catch let gone as TaskGone {
            throw UploadFailure.taskLost(status: gone.status)
        } catch let failure as TransientFailure {
            throw UploadFailure.unreachable(reason: failure.reason)
        }
    }
}
