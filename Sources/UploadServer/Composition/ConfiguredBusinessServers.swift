import Crypto
import UploadCore

/// The business servers of the configuration file.
struct ConfiguredBusinessServers: BusinessServerDirectory {
    private let servers: [(tokenDigest: SHA256Digest, identity: String, destination: String)]

    init(_ servers: [ServerConfiguration.BusinessServer]) {
        self.servers = servers.map { (Self.digest($0.token), $0.identity, $0.notifyURL) }
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

    /// URL by identity.
    var destinations: [String: String] {
        Dictionary(servers.map { ($0.identity, $0.destination) }) { first, _ in first }
    }

    private static func digest(_ token: String) -> SHA256Digest {
        SHA256.hash(data: Array(token.utf8))
    }
}
