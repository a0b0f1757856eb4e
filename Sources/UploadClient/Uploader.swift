import Foundation

/// How an upload is done.
public struct UploadOptions: Sendable {
    /// Blocks in flight at a time, at least 1.
    public var connections: Int
    /// Largest block in bytes.
    public var blockSize: Int64
    /// How long nothing may work before the upload is given up.
    public var giveUpAfter: Duration

    /// Makes options; the defaults are those of the command.
    public init(connections: Int = 4, blockSize: Int64 = 4 << 20, giveUpAfter: Duration = .seconds(600)) {
        self.connections = connections
        self.blockSize = blockSize
        self.giveUpAfter = giveUpAfter
    }
}

/// Uploads files from the first call to the business server until the upload server says that they are in place.
public struct Uploader: Sendable {
    private let businessURL: String
    private let business: BusinessAPI
    private let api: UploadAPI
    private let store: ResumeStore
    private let options: UploadOptions
    private let reporter: any ProgressReporter

    /// - Parameters:
    ///   - businessURL: base URL of the business server.
    ///   - userId: whom the business server is told the file is from.
    public init(
        wire: WireClient, businessURL: String, userId: WireIdentifier, store: ResumeStore, options: UploadOptions,
        reporter: any ProgressReporter
    ) {
        self.businessURL = HTTPAddress.withoutTrailingSlash(businessURL)
        business = BusinessAPI(wire: wire, baseURL: businessURL, userId: userId)
        api = UploadAPI(wire: wire, reporter: reporter)
        self.store = store
        self.options = options
        self.reporter = reporter
    }

    /// Uploads the file at `path`, going on where an earlier run ended, and returns its size in bytes once it is in
    /// place on the server.
    ///
    /// Throws ``UploadFailure``; `CancellationError` when the task is cancelled, the upload then being resumable.
    public func upload(_ path: String) async throws -> Int64 {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        let file = try SourceFile(path: path)
        defer { reporter.end() }
        let md5 = try await md5(of: file)
        do {
            try await transfer(file, md5: md5)
        } catch let failure as UploadFailure {
            if case .closed = failure { forget(path) }
            throw failure
        }
        forget(path)
        return file.fingerprint.size
    }

    private func md5(of file: SourceFile) async throws -> String {
        if let known = remembered(file.path), known.fingerprint == file.fingerprint { return known.fileMd5 }
        let size = file.fingerprint.size
        reporter.begin(.hashing, name: name(of: file), total: size, done: 0)
        let md5 = try await FileHasher.md5(of: file, at: 0, count: size) { [reporter] in reporter.advance(by: $0) }
        try file.checkUnchanged()
        return md5
    }

    private func transfer(_ file: SourceFile, md5: String) async throws {
        let outage = Outage(giveUpAfter: options.giveUpAfter, reporter: reporter)
        var isFirst = true
        while true {
            let task = try await outage.persist {
                try await business.newTask(
                    fileName: name(of: file), fileSize: file.fingerprint.size, fileMd5: md5)
            }
            remember(
                ResumeState(
                    businessURL: businessURL, path: file.path, fingerprint: file.fingerprint, fileMd5: md5, task: task))
            let transfer = TaskTransfer(
                api: api, outage: outage, file: file, task: task, options: options, reporter: reporter)
            do {
                return try await transfer.run()
            } catch let gone as TaskGone {
                guard isFirst else { throw UploadFailure.taskLost(status: gone.status) }
                isFirst = false
                reporter.notice("the server no longer takes this upload (\(gone.status)); asking for a new one")
            }
        }
    }

    private func name(of file: SourceFile) -> String {
        URL(fileURLWithPath: file.path).lastPathComponent
    }
}

/// What is remembered only saves work: an upload goes on without it.
extension Uploader {
    private func remembered(_ path: String) -> ResumeState? {
        do {
            return try store.load(businessURL: businessURL, path: path)
        } catch {
            reporter.notice("\(error)")
            return nil
        }
    }

    private func remember(_ state: ResumeState) {
        do {
            try store.save(state)
        } catch {
            reporter.notice("\(error)")
        }
    }

    private func forget(_ path: String) {
        do {
            try store.remove(businessURL: businessURL, path: path)
        } catch {
            reporter.notice("\(error)")
        }
    }
}
