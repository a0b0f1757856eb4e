import Foundation

/// What the example business server must be told.
public struct BusinessConfiguration: Sendable {
    /// Address to listen on.
    public var host: String
    /// Port to listen on; 0 lets the system choose.
    public var port: Int
    /// Base URL of the fuploadServer.
    public var uploadServer: String
    /// Base URL by which browsers reach the fuploadServer, as it gives it out itself; nil where it is ``uploadServer``.
    public var publicUploadServer: String?
    /// What the fuploadServer knows this business server by.
    public var token: String
    /// Folder, on the machine of the fuploadServer, for finished files.
    public var storePath: String
    /// Checks callbacks where both sides share a secret; nil accepts them unsigned.
    public var verifier: WebhookVerifier?
    /// So many callbacks are answered 500 first, to show that they are sent again.
    public var failCallbacks: Int

    /// Makes a configuration; the defaults are those of the seed's example.
    public init(
        host: String = "0.0.0.0", port: Int = 8090, uploadServer: String = "http://127.0.0.1:8080",
        publicUploadServer: String? = nil, token: String = "cp00000010103010301", storePath: String = "/tmp/business/",
        verifier: WebhookVerifier? = nil, failCallbacks: Int = 0
    ) {
        self.host = host
        self.port = port
        self.uploadServer = uploadServer
        self.publicUploadServer = publicUploadServer
        self.token = token
        self.storePath = storePath
        self.verifier = verifier
        self.failCallbacks = failCallbacks
    }
}
