import Crypto
import UploadCore

extension ServerConfiguration {
    /// A business server: it creates tasks with its token and is called back when they end.
    ///
    /// The token is a credential, so no textual form of this value contains it.
    public struct BusinessServer: Sendable, Equatable {
        /// The credential the server presents with new tasks; never empty.
        public var token: String
        /// What operators call it; derived from the token's digest when the configuration gives none.
        public var name = ""
        /// Absolute `http://` or `https://` URL that callbacks are sent to.
        public var notifyURL = ""
        /// Key that callbacks are signed with; nil leaves them unsigned.
        public var secret: WebhookSecret?
        /// Largest file accepted, in bytes; nil leaves the server's limit.
        public var maxFileSize: Int64?
        /// Largest block accepted, in bytes; nil leaves the server's limit.
        public var maxBlockSize: Int64?
        /// Open tasks at once; nil leaves the server's limit.
        public var maxOpenTasks: Int?
        /// The stable, non-secret name its tasks are stored under; unique among the configured ones.
        public var identity = ""

        /// An entry that is yet to be filled in.
        public init(token: String) {
            self.token = token
        }
    }
}

extension ServerConfiguration.BusinessServer {
    /// The token as far as faults, warnings and logs may show it.
    var maskedToken: String { Masking.token(token) }

    /// `name#digest`: tells servers of one name apart without telling their tokens.
    func distinguished(_ name: String) -> String {
        "\(name)#\(String(hexOf: SHA256.hash(data: Array(token.utf8)).prefix(4)))"
    }
}

extension ServerConfiguration.BusinessServer: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The entry with token, secret and the query of its URL masked.
    public var description: String {
        "BusinessServer(token: \(maskedToken), name: \(name), notifyURL: \(Masking.url(notifyURL)), identity: \(identity))"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The entry's parts, masked like ``description``.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "token": maskedToken, "name": name, "notifyURL": Masking.url(notifyURL), "identity": identity,
            ]
        )
    }
}
