import Crypto
import UploadCore

/// The business servers of the configuration file.
struct ConfiguredBusinessServers: BusinessServerDirectory {
    private let servers: [(tokenDigest: SHA256Digest, identity: String, destination: String, limits: TaskLimits)]
    /// For those that are no longer configured.
    private let limits: TaskLimits

    init(_ configuration: ServerConfiguration) {
        limits = TaskLimits(
            maxFileSize: configuration.maxFileSize, maxBlockSize: configuration.maxBlockSize,
            maxOpenTasks: configuration.maxOpenTasks.map(Int64.init))
        servers = configuration.businessServers.map { [limits] server in
            let own = TaskLimits(
                maxFileSize: server.maxFileSize ?? limits.maxFileSize,
                maxBlockSize: server.maxBlockSize ?? limits.maxBlockSize,
                maxOpenTasks: server.maxOpenTasks.map(Int64.init) ?? limits.maxOpenTasks)
            return (Self.digest(server.token), server.identity, server.notifyURL, own)
        }
    }

    func identity(ofToken token: String) -> String? {
        // Digests are compared, in constant time and all of them: neither a token's length nor its place in the list
        // shows.
        let digest = Self.digest(token)
        var found: String?
        for server in servers where server.tokenDigest == digest { found = server.identity }
        return found
    }

    func destination(of identity: String) -> String? {
        servers.first { $0.identity == identity }?.destination
    }

    func limits(of identity: String) -> TaskLimits {
        servers.first { $0.identity == identity }?.limits ?? limits
    }

    /// URL by identity.
    var destinations: [String: String] {
        Dictionary(servers.map { ($0.identity, $0.destination) }) { first, _ in first }
    }

    private static func digest(_ token: String) -> SHA256Digest {
        SHA256.hash(data: Array(token.utf8))
    }
}
