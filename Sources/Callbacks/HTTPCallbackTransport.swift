import AsyncHTTPClient
import EventLoops
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import UploadCore

/// ``CallbackTransport`` on HTTP/1.1 and HTTP/2.
struct HTTPCallbackTransport: CallbackTransport {
    /// How much of an answer's body is read to keep its connection usable; from a longer or slower one it is cut off.
    private static let drainLimit = (bytes: 64 * 1024, time: Duration.seconds(1))
    /// A client that is shut down waits for connections being made, so this delays the service's stop at worst.
    private static let longestConnect = Duration.seconds(5)

    private let client: HTTPClient
    private let timeout: TimeAmount
    private let clock: any ServiceClock

    /// Lends a transport to `body` and shuts its connections down afterwards.
    ///
    /// - Parameters:
    ///   - timeout: for an answer's head, from the beginning on, with connecting.
    ///   - trust: what receivers' certificates have to lead to; `nil` for those of the system.
    ///   - clock: measures how long an answer's body takes.
    /// - Throws: what shutting down throws.
    static func with(
        timeout: Duration, trust: CallbackTrust? = nil, clock: any ServiceClock,
        _ body: (any CallbackTransport) async -> Void
    ) async throws {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.tlsConfiguration = CallbackTrust.configuration(trust)
        configuration.timeout.connect = .milliseconds(min(timeout, longestConnect).milliseconds)
        // The schedule tries again; a refused connection shall be told at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The lanes are the limit. Two business servers on one host must not wait for each other here.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        // One loop for all: what a callback waits for happens on it, and wakes no other thread.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            try await HTTPClient.withHTTPClient(eventLoopGroup: group, configuration: configuration) { client in
                let transport = Self(client: client, timeout: .milliseconds(timeout.milliseconds), clock: clock)
                await withTaskExecutorPreference(EventLoopExecutor(group.next())) { await body(transport) }
            }
        } catch {
            // What failed first is told.
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    func post(_ request: CallbackRequest) async throws -> CallbackAnswer {
        var message = HTTPClientRequest(url: request.url)
        message.method = .POST
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.body = .bytes(ByteBuffer(bytes: request.body))
        let response: HTTPClientResponse
        do {
            response = try await client.execute(message, timeout: timeout)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw TransportFailure(reason: Self.describe(error))
        }
        await drain(response.body)
        return CallbackAnswer(
            status: Int(response.status.code), retryAfter: response.headers.first(name: "retry-after"))
    }

    private func drain(_ body: HTTPClientResponse.Body) async {
        await withTaskGroup(of: Void.self) { race in
            race.addTask {
                var rest = Self.drainLimit.bytes
                do {
                    for try await chunk in body {
                        rest -= chunk.readableBytes
                        guard rest > 0 else { return }
                    }
                } catch {
                    // The head has told everything; a body that breaks off takes nothing from it.
                    return
                }
            }
            race.addTask {
                // It throws only when the body came to its end first, or the attempt is cut.
                try? await clock.sleep(for: Self.drainLimit.time)
            }
            await race.next()
            race.cancelAll()
        }
    }

    /// A few stable words: no address, no URL, nothing an answer contains.
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { describe($0.error) } ?? "host not found"
        case let error as IOError:
            return describe(errno: error.errnoCode)
        case let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout:
            return "timed out"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return "connection closed"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return describe(tls: error)
        case let error as HTTPClientError:
            return error.shortDescription.lowercased()
        case ChannelError.connectTimeout:
            return "timed out"
        default:
            return "connection failed: \(type(of: error))"
        }
    }

    private static func describe(tls error: any Error) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "TLS: the certificate is not for this host"
        case NIOSSLError.handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            return "TLS: the certificate is not trusted, or not valid at this time"
        case NIOSSLError.handshakeFailed, is BoringSSLError:
            return "TLS: the handshake failed"
        case NIOSSLError.uncleanShutdown:
            return "connection closed"
        default:
            return "TLS: \(type(of: error))"
        }
    }

    private static func describe(errno: CInt) -> String {
        switch errno {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET: "connection reset"
        case EPIPE: "connection closed"
        case EHOSTUNREACH: "host unreachable"
        case ENETUNREACH: "network unreachable"
        case ETIMEDOUT: "timed out"
        default: "I/O error \(errno)"
        }
    }
}
