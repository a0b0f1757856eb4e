import Crypto
import Foundation

/// Checks signatures made after the Standard Webhooks specification, scheme `v1` (HMAC-SHA256).
public struct WebhookVerifier: Sendable {
    /// Why a secret can't be used.
    public enum SecretError: Error, Equatable {
        /// It is not `whsec_` followed by base64 of 24 to 64 bytes.
        case malformed
    }

    /// How far a callback's timestamp may lie from now, in seconds, either way.
    public static let tolerance: TimeInterval = 300
    private static let prefix = "whsec_"
    private let key: SymmetricKey

    /// Takes a secret as that specification writes them; throws ``SecretError``.
    public init(secret: String) throws(SecretError) {
        guard secret.hasPrefix(Self.prefix),
            let bytes = Data(base64Encoded: String(secret.dropFirst(Self.prefix.count))),
            (24...64).contains(bytes.count)
        else { throw .malformed }
        key = SymmetricKey(data: bytes)
    }

    /// Whether one of the signatures in `signature` is the one of this message, and the message is of now.
    ///
    /// - Parameters:
    ///   - id: header webhook-id.
    ///   - timestamp: header webhook-timestamp, seconds since 1970.
    ///   - signature: header webhook-signature, a list separated by spaces.
    ///   - body: the request body, byte for byte.
    public func accepts(id: String, timestamp: String, signature: String, body: Data, now: Date) -> Bool {
        guard let seconds = Int64(timestamp),
            abs(now.timeIntervalSince1970 - TimeInterval(seconds)) <= Self.tolerance
        else { return false }
        let message = Data("\(id).\(timestamp).".utf8) + body
        return signature.split(separator: " ").contains { candidate in
            guard candidate.hasPrefix("v1,"), let code = Data(base64Encoded: String(candidate.dropFirst(3))) else {
                return false
            }
            // Compares in constant time.
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: key)
        }
    }
}
