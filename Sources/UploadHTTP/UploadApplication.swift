import Hummingbird
import Logging
import ServiceLifecycle
import UploadCore

/// The HTTP front as a service: the block API on one port.
public struct UploadApplication: Sendable {
    /// What the front is made of.
    public struct Configuration: Sendable {
        /// Address to listen on.
        public var host: String
        /// Port to listen on; 0 for any that is free.
        public var port: Int
        /// The largest JSON body in bytes.
        public var maxRequestBody: Int
        /// What connections may cost.
        public var connections: ConnectionLimits

        /// What TLS is served with; `nil` for plain HTTP.
        public var certificate: FrontCertificate?
        /// How long a TLS handshake may take.
        public var handshakeTimeout: Duration

        /// Proxies whose word on the client is taken.
        public var trustedProxies: [IPNetwork]

        /// Whose web pages may send blocks, ask and steer; never register tasks.
        public var allowedOrigins: AllowedOrigins

        /// Memberwise.
        public init(
            host: String, port: Int, maxRequestBody: Int, connections: ConnectionLimits, certificate: FrontCertificate?,
            handshakeTimeout: Duration, trustedProxies: [IPNetwork], allowedOrigins: AllowedOrigins
        ) {
            self.host = host
            self.port = port
            self.maxRequestBody = maxRequestBody
            self.connections = connections
            self.certificate = certificate
            self.handshakeTimeout = handshakeTimeout
            self.trustedProxies = trustedProxies
            self.allowedOrigins = allowedOrigins
        }
    }

    /// The path that blocks are sent to, as it labels metrics.
    public static var blockRoute: String { Route.block.path }

    /// Builds the service to run.
    ///
    /// - Parameter onListening: called with the bound port once connections are accepted.
    public static func make(
        _ configuration: Configuration, service: UploadService, urls: TaskURLs, logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void
    ) -> some Service {
        let router = Router(context: UploadRequestContext.self)
        router.add(
            middleware: ClientMiddleware(
                trustedProxies: configuration.trustedProxies, isEncrypted: configuration.certificate != nil))
        let crossOrigin = CrossOrigin(allowed: configuration.allowedOrigins)
        // Around the errors: a page must be able to read those too. A browser's own question is none of the protocol's, and
        // is not counted among them.
        router.add(middleware: CrossOriginMiddleware(crossOrigin: crossOrigin))
        router.add(middleware: RequestMeter())
        router.add(middleware: ErrorMiddleware(logger: logger))
        BlockAPI(service: service, urls: urls, maxRequestBody: configuration.maxRequestBody).addRoutes(to: router)
        // The framework's own lines (one a request, at debug) are not an operator's business.
        var frameworkLogger = logger
        frameworkLogger.logLevel = .notice
        let application = Application(
            router: router,
            server: .guarded(
                configuration.connections, certificate: configuration.certificate,
                handshakeTimeout: .init(configuration.handshakeTimeout), crossOrigin: crossOrigin, logger: logger),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1024),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                urls.listening(on: port)
                do {
                    try await AcceptPause.add(to: channel, logger: logger)
                } catch {
                    // Stopped before it began.
                    logger.debug("not listening any more", metadata: ["error": "\(error)"])
                }
                onListening(port)
            },
            eventLoopGroupProvider: loops,
            logger: frameworkLogger)
        return ListeningService(application: application, host: configuration.host, port: configuration.port)
    }
}

/// The application, whose failure to listen is put into words for an operator.
private struct ListeningService<Front: ApplicationProtocol>: Service {
    let application: Front
    let host: String
    let port: Int

    func run() async throws {
        do {
            try await application.run()
        } catch let error where "\(error)".contains("bind(") {
            // The transport's own type says no more than this text.
            throw ListenError(host: host, port: port, cause: error)
        }
    }
}

/// The address can't be listened on.
struct ListenError: Error, CustomStringConvertible {
    let host: String
    let port: Int
    let cause: any Error

    var description: String {
        "can't listen on \(host):\(port), is another process using the port? (\(cause))"
    }
}

/// A request's context: keeps the connection at hand.
struct UploadRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// What the request came on.
    let connection: ClientConnection
    /// Who asks: the other end of the connection, unless a trusted proxy there names somebody else.
    var client: Client
    /// What becomes of it.
    let outcome = RequestOutcome()

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        connection = ClientConnection(source.channel)
        client = Client(address: source.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) })
    }

    /// The response of an answer, which is noted.
    func send(_ answer: Answer) -> Response {
        outcome.retCode = answer.retCode
        return answer.response
    }
}
