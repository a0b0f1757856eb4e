import AdminClient
import Foundation
import UploadCore
import UploadFiles
import UploadSQLite

/// How commands reach the service: what they read, they read in the database file; what they change, the running server
/// changes, and where none runs, they do it themselves.
public struct OperatorDoor: Sendable {
    private let configuration: ServerConfiguration
    private let admin: String?

    /// - Parameter admin: the URL of the running server's admin listener; `nil` for the configured one.
    public init(_ configuration: ServerConfiguration, admin: String?) {
        self.configuration = configuration
        self.admin = admin
    }

    /// What the database file says.
    ///
    /// - Throws: ``CommandFailure``: `failed` for what was understood and refused, `unavailable` for what could not be looked at.
    public func ask<Answer: Sendable>(
        _ question: (any OperatorQueries) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await question(try SQLiteOperatorQueries(path: configuration.database))
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
    }

    /// Everything of one task.
    ///
    /// - Throws: ``CommandFailure``, also when there is none.
    public func report(of id: TaskID) async throws -> TaskReport {
        guard let report = try await ask({ try await $0.report(of: id) }) else {
            throw CommandFailure(.failed, "there is no such task")
        }
        return report
    }

    /// One callback with its attempts.
    ///
    /// - Throws: ``CommandFailure``, also when there is none.
    public func callback(_ id: Int64) async throws -> CallbackReport {
        guard let report = try await ask({ try await $0.callback(id) }) else {
            throw CommandFailure(.failed, "there is no callback \(id)")
        }
        return report
    }

    /// Pauses, resumes or cancels a task. Durable when it returns.
    ///
    /// - Parameter note: one line for the task's history; empty for none.
    /// - Throws: ``CommandFailure``.
    public func change(_ id: TaskID, _ request: StateRequest, note: String) async throws {
        try await through { client in
            let word = request == .upload ? "resume" : request.rawValue
            _ = try await client.post("/api/tasks/\(id)/\(word)", OperatorJSON.text(["reason": note]))
        } or: { operations in
            try await operations.change(id, request, note: note)
        }
    }

    /// Has callbacks sent once more: at once by a running server, else at its next start.
    ///
    /// - Throws: ``CommandFailure``.
    public func replay(_ selection: ReplaySelection) async throws -> ReplayOutcome {
        try await through { client in
            let answer = try await client.post("/api/callbacks/replay", OperatorJSON.text(selection))
            return try JSONDecoder().decode(ReplayOutcome.self, from: Data(answer.utf8))
        } or: { operations in
            try await operations.replay(selection)
        }
    }

    private func through<Outcome: Sendable>(
        _ ask: (AdminClient) async throws -> Outcome, or work: (OperatorService) async throws -> Outcome
    ) async throws -> Outcome {
        do {
            guard let locks = try locks() else { return try await ask(client()) }
            let outcome = try await offline(work)
            return withExtendedLifetime(locks) { outcome }
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as UploadError {
            let words = error.message == UploadError.noSuchTask.message ? "there is no such task" : error.message
            let isRefusal = error.cause == nil && error.code != .storage && error.code != .internalError
            throw CommandFailure(isRefusal ? .failed : .unavailable, isRefusal ? words : "\(error)")
        } catch let error as AdminClient.Failure {
            var isRefusal = false
            if case .refused(let status, _) = error { isRefusal = [400, 404, 409].contains(status) }
            throw CommandFailure(isRefusal ? .failed : .unavailable, "\(error)")
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
    }

    /// `nil` where a server works on the database.
    private func locks() throws -> [InstanceLock]? {
        guard admin == nil else { return nil }
        // Before a lock's file is made beside nothing.
        guard try configuration.hasDatabase else {
            throw CommandFailure(.unavailable, "there is no database at \(configuration.database)")
        }
        do {
            return try configuration.takeLocks()
        } catch is InstanceLock.HeldError {
            return nil
        }
    }

    private func client() throws -> AdminClient {
        AdminClient(base: try admin ?? configuredBase(), token: configuration.adminToken?.text)
    }

    private func configuredBase() throws -> String {
        let (host, port) = (configuration.adminHost, configuration.adminPort)
        guard !host.isEmpty, port != 0 else {
            let key = host.isEmpty ? "admin.host" : "admin.port"
            throw CommandFailure(
                .unavailable,
                "a server works on the database, and \(key) does not say where it is asked: "
                    + "name its admin listener with --admin, or stop it")
        }
        // What listens everywhere is reached here.
        let place = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        return "http://\(place.contains(":") ? "[\(place)]" : place):\(port)"
    }

    private func offline<Outcome>(_ work: (OperatorService) async throws -> Outcome) async throws -> Outcome {
        // Opening would bring an older schema up to date, which nobody has asked for.
        _ = try SQLiteOperatorQueries(path: configuration.database)
        let clock = SystemClock()
        let database = try UploadDatabase.open(path: configuration.database) { clock.now }
        let service = configuration.service(
            on: database, try configuration.fileStore(of: database), keys: NoTaskKeys(),
            observer: UploadObservers([]), clock: clock, outboxChanged: {})
        let operations = OperatorService(
            service, outbox: SQLiteCallbackOutbox(database),
            destinations: ConfiguredBusinessServers(configuration).destinations, outboxChanged: {})
        let outcome = try await work(operations)
        try database.close()
        return outcome
    }
}

/// Commands serve no URLs.
private struct NoTaskKeys: TaskKeys {
    var generations: KeyGenerations { KeyGenerations(current: 0, known: []) }

    func key(for id: TaskID, generation: Int) -> String? { nil }

    func generation(of key: String, for id: TaskID) -> Int? { nil }
}
