import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore

/// The seed's example of a business server: opens uploads for clients, and takes the callbacks.
public struct BusinessServer: Sendable {
    private let configuration: BusinessConfiguration
    private let logger: Logger

    /// - Parameter logger: gets one line once listening, and one for each task and callback.
    public init(configuration: BusinessConfiguration, logger: Logger = Logger(label: "businessServer")) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT, then ends what is going on.
    ///
    /// Throws when the address can't be listened on.
    public func run() async throws {
        var clientConfiguration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5), read: .seconds(30)))
        // A client that waits is told at once, and comes again by itself.
        clientConfiguration.connectionPool.retryConnectionEstablishment = false
        try await HTTPClient.withHTTPClient(configuration: clientConfiguration) { http in
            try await application(http: http).runService()
        }
    }

    private func application(http: HTTPClient) -> some ApplicationProtocol {
        let routes = BusinessRoutes(
            configuration: configuration,
            gateway: UploadServerGateway(http: http, baseURL: configuration.uploadServer),
            callbacks: CallbackReceiver(
                verifier: configuration.verifier, log: CallbackLog(failFirst: configuration.failCallbacks),
                logger: logger),
            logger: logger)
        var frameworkLogger = logger
        // The framework tells in words of its own that it listens; one line is enough.
        frameworkLogger.logLevel = .notice
        let host = configuration.host
        return Application(
            router: routes.router(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: configuration.port)),
            onServerRunning: { [logger, port = configuration.port] channel in
                let shown = host.contains(":") ? "[\(host)]" : host
                logger.info("listening on http://\(shown):\(channel.localAddress?.port ?? port)")
            },
            logger: frameworkLogger)
    }
}
