import AsyncHTTPClient
import NIOCore
import NIOPosix
import SystemPackage

/// Puts a failed exchange into a clause a person can read.
enum TransportReason {
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let first = error.connectionErrors.first else {
                return "no address found for \(error.host)"
            }
            return "\(describe(first.error)) by \(error.host):\(error.port)"
        case let error as IOError:
            return Errno(rawValue: error.errnoCode).description.lowercased()
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return "the connection was closed"
        case let error as HTTPClientError:
            return error.shortDescription.lowercased()
        case ChannelError.connectTimeout:
            return "connecting timed out"
        default:
            return "\(error)"
        }
    }
}
