/// The boundary that a `Content-Type` announces.
public struct MultipartBoundary: Sendable {
    /// Finds the boundary in the value of a `Content-Type` header.
    ///
    /// The media type and the names of its parameters are compared without regard to case. The boundary may be quoted;
    /// one that is not may nevertheless hold characters that RFC 2045 wants quoted, such as `=`, as common clients send
    /// them so.
    ///
    /// Source: [RFC 7578 section 4.1](https://www.rfc-editor.org/rfc/rfc7578#section-4.1),
    /// [RFC 2046 section 5.1.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1).
    ///
    /// - Parameter contentType: The value of the header, `nil` if there is none.
    /// - Returns: 1 to 70 characters, without the leading `--`.
    /// - Throws: ``MultipartError/notMultipart``, ``MultipartError/missingBoundary`` or
    ///   ``MultipartError/invalidBoundary``.
    public static func parse(contentType: String?) throws(MultipartError) -> String {
        guard let contentType else { throw .notMultipart }
        let mediaType = ParameterizedValue.head(of: contentType.utf8[...])
        guard mediaType == "multipart/form-data" else { throw .notMultipart }
        guard let value = ParameterizedValue(contentType.utf8[...]) else { throw .invalidBoundary }
        guard let boundary = value.parameters["boundary"] else { throw .missingBoundary }
        guard isValid(boundary) else { throw .invalidBoundary }
        return boundary
    }

    /// Whether a string is a `boundary` of RFC 2046.
    ///
    /// ``DelimiterSearch`` depends on the absence of CR.
    static func isValid(_ boundary: String) -> Bool {
        (1...70).contains(boundary.utf8.count)
            && boundary.utf8.allSatisfy(isBoundaryCharacter)
            && boundary.utf8.last != UInt8(ascii: " ")
    }

    private static func isBoundaryCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "'")...UInt8(ascii: ")"),
            UInt8(ascii: "+")...UInt8(ascii: "/"),
            UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: " "):
            true
        default:
            false
        }
    }
}
