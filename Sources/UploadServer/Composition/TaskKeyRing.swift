import Logging
import UploadCore
import UploadFiles

/// The secrets of task keys while the server runs: read at start and on SIGHUP, and dropped when no open task needs them.
struct TaskKeyRing: Sendable {
    /// The keys of the secrets in effect.
    let keys: HMACTaskKeys
    private let file: SecretFile
    /// Whether there was none at the start, and whatever it had held is gone.
    private let isNew: Bool
    private let logger: Logger

    /// Reads the secrets, or makes the first one.
    ///
    /// - Parameter database: the path of the database, beside which the file is.
    init(database: String, logger: Logger) throws {
        file = Self.file(of: database)
        isNew = try !file.exists()
        keys = HMACTaskKeys(try file.loadOrCreate())
        self.logger = logger
    }

    /// The secret file beside a database.
    static func file(of database: String) -> SecretFile {
        SecretFile(path: database + ".key")
    }

    /// Takes up what the file says now.
    ///
    /// - Returns: a few words for the log.
    func reload(_ repository: any TaskRepository) async throws -> String {
        keys.replace(with: try file.load())
        await dropUnneeded(repository, known: keys.generations.known)
        return "new tasks use secret \(keys.generations.current)"
    }

    /// Warns of open tasks whose secrets are gone, and drops the secrets that no task needs. Once, before tasks are
    /// registered.
    func settle(_ repository: any TaskRepository) async {
        await dropUnneeded(repository, known: isNew ? [] : keys.generations.known)
    }

    /// Drops the secrets that neither new nor open tasks use; a failure is logged, the next start tries again.
    ///
    /// A registration asks for the current generation inside its transaction, and the repository answers after those
    /// that asked earlier: no task can be committed with a secret that is dropped here.
    private func dropUnneeded(_ repository: any TaskRepository, known: Set<Int>) async {
        do {
            let generations = keys.generations
            let needed = try await repository.openKeyGenerations()
            let lost = needed.subtracting(known)
            if !lost.isEmpty {
                logger.warning(
                    "the secrets of open tasks are gone, and their URLs dead: registering them again gives new ones",
                    metadata: ["generations": "\(lost.sorted())"])
            }
            let stale = generations.known.subtracting(needed).subtracting([generations.current])
            guard !stale.isEmpty else { return }
            keys.replace(with: try file.removeSecrets(of: stale))
            logger.notice("secrets without an open task dropped", metadata: ["generations": "\(stale.sorted())"])
        } catch {
            logger.warning("secrets without an open task can't be dropped now", metadata: ["error": "\(error)"])
        }
    }
}

/// Replaces the secret of task keys, as the command `rotate-key` does.
public enum KeyRotation {
    /// Adds a secret, which a server takes up at its next start or SIGHUP.
    ///
    /// Durable when it returns. The server may be running.
    /// - Returns: one sentence that says what to do next.
    public static func run(_ configuration: ServerConfiguration) throws -> String {
        let generation = try TaskKeyRing.file(of: configuration.database).addSecret()
        return "secret \(generation) added to \(configuration.database).key: send the server SIGHUP, or restart it, "
            + "for new tasks to use it; tasks that are open keep theirs"
    }
}
