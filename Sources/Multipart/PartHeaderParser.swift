import NIOCore

/// Reads the header lines of one part.
///
/// A line may be folded (RFC 5322 section 2.2.3). Bytes that are not UTF-8 become U+FFFD: RFC 7578 section 5.1 knows
/// clients that send file names in another encoding, and such a name is no reason to refuse the file.
enum PartHeaderParser {
    /// Parses all header lines of a part, each of them with its CRLF, without the closing empty line.
    ///
    /// - Throws: ``MultipartError/malformedHeader`` or ``MultipartError/missingName``.
    static func parse(_ lines: ByteBuffer) throws(MultipartError) -> MultipartPartHeader {
        var disposition: ParameterizedValue?
        var contentType: String?
        for field in try unfold(String(buffer: lines)) {
            let (name, value) = try split(field.utf8[...])
            switch name {
            case "content-disposition":
                guard disposition == nil, let value = ParameterizedValue(value), value.head == "form-data" else {
                    throw .malformedHeader
                }
                disposition = value
            case "content-type":
                guard contentType == nil else { throw .malformedHeader }
                contentType = String(Substring(value))
            default:
                continue
            }
        }
        guard let name = disposition?.parameters["name"], !name.isEmpty else { throw .missingName }
        return MultipartPartHeader(
            name: name,
            fileName: disposition?.parameters["filename"],
            contentType: contentType.flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    private static func unfold(_ lines: String) throws(MultipartError) -> [String] {
        var fields: [String] = []
        for line in lines.utf8.split(separator: .lineFeed) {
            let line = line.dropLast()
            // A CR that is not part of a line end is among the forbidden ones.
            guard !line.contains(where: \.isForbiddenInHeader) else { throw .malformedHeader }
            if line.first?.isWhiteSpace == true {
                guard !fields.isEmpty else { throw .malformedHeader }
                fields[fields.count - 1] += Substring(line)
            } else {
                fields.append(String(Substring(line)))
            }
        }
        return fields
    }

    private static func split(
        _ field: Substring.UTF8View
    ) throws(MultipartError) -> (name: String, value: Substring.UTF8View) {
        var rest = field
        let name = rest.removePrefix(while: \.isTokenCharacter)
        guard !name.isEmpty, rest.popFirst() == .colon else { throw .malformedHeader }
        return (Substring(name).lowercased(), rest.trimmed())
    }
}
