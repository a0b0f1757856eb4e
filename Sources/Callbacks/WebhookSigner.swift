import Crypto
import FoundationEssentials

/// Signs what is sent after the Standard Webhooks specification 1.0.0, scheme `v1` (HMAC-SHA256).
///
/// Its textual forms don't show the key.
public struct WebhookSigner: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: SymmetricKey

    /// From the bytes of the key: those which follow `whsec_`, decoded.
    public init(key: [UInt8]) {
        self.key = SymmetricKey(data: key)
    }

    /// The value of `webhook-signature`.
    ///
    /// - Parameters:
    ///   - id: the value of `webhook-id`.
    ///   - timestamp: the value of `webhook-timestamp`, seconds since 1970.
    ///   - body: the request's body, byte for byte.
    public func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array("\(id).\(timestamp).".utf8))
        code.update(data: body)
        return "v1," + Data(code.finalize()).base64EncodedString()
    }

    /// Says nothing of the key.
    public var description: String { "WebhookSigner" }

    /// Has no children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
