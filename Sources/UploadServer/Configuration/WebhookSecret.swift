import Foundation

/// A symmetric signing key as the Standard Webhooks specification writes it: `whsec_` and the base64 of 24 to 64 bytes.
///
/// No textual form of it shows the key.
public struct WebhookSecret: Sendable, Equatable {
    /// The decoded key, 24 to 64 bytes.
    public let bytes: [UInt8]

    /// Decodes the written form; base64 without padding is accepted too.
    ///
    /// - Returns: nil if the prefix is missing, the base64 is malformed, or the key's length is out of range.
    public init?(_ text: String) {
        let prefix = "whsec_"
        guard text.hasPrefix(prefix) else { return nil }
        var encoded = String(text.dropFirst(prefix.count))
        if !encoded.utf8.count.isMultiple(of: 4), !encoded.hasSuffix("=") {
            encoded += String(repeating: "=", count: 4 - encoded.utf8.count % 4)
        }
        guard let key = Data(base64Encoded: encoded), (24...64).contains(key.count) else { return nil }
        bytes = Array(key)
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A mask in place of the key.
    public var description: String { Masking.mask }

    /// A mask in place of the key.
    public var debugDescription: String { Masking.mask }

    /// A mirror without children, so that dumps do not reach the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
