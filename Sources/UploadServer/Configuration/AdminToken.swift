/// What operators' programs present to the admin listener.
///
/// No textual form of it shows the token.
public struct AdminToken: Sendable, Equatable {
    /// As it travels in a header: 16 to 256 visible ASCII characters.
    public let text: String

    /// - Returns: nil if it is too short to be secret, too long, or has other characters.
    public init?(_ text: String) {
        guard (16...256).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.text = text
    }
}

extension AdminToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A mask in place of the token.
    public var description: String { Masking.mask }

    /// A mask in place of the token.
    public var debugDescription: String { Masking.mask }

    /// A mirror without children, so that dumps do not reach the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ValueFormat where Value == AdminToken? {
    /// A token for operators, or none. It is never written out.
    static var adminToken: Self {
        Self(
            allowed: "a token of 16 to 256 visible ASCII characters, or \"\" for none",
            parse: { text in text.isEmpty ? .some(nil) : AdminToken(text).map { .some($0) } },
            render: { $0?.description ?? "" }
        )
    }
}
