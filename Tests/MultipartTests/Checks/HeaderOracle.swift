import Multipart

/// Reads the header lines of a part the obvious way.
enum HeaderOracle {
    static func read(_ lines: [[UInt8]]) throws(MultipartError) -> MultipartPartHeader {
        var fields: [String] = []
        for line in lines {
            if line.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) { throw .malformedHeader }
            let text = String(decoding: line, as: UTF8.self)
            if line[0] == 0x20 || line[0] == 0x09 {
                if fields.isEmpty { throw .malformedHeader }
                fields[fields.count - 1] += text
            } else {
                fields.append(text)
            }
        }
        let pairs = try fields.map(pair)
        let dispositions = pairs.filter { $0.name == "content-disposition" }.map { Value($0.value) }
        let types = pairs.filter { $0.name == "content-type" }.map(\.value)
        guard dispositions.count < 2, types.count < 2,
            dispositions.allSatisfy({ $0.head == "form-data" && $0.parameters != nil })
        else { throw .malformedHeader }
        let parameters = dispositions.first?.parameters ?? [:]
        guard let name = parameters["name"], name != "" else { throw .missingName }
        return MultipartPartHeader(
            name: name, fileName: parameters["filename"], contentType: types.first == "" ? nil : types.first)
    }

    private static func pair(_ field: String) throws(MultipartError) -> (name: String, value: String) {
        let parts = split(field, at: ":", limit: 1)
        guard parts.count == 2, isToken(parts[0]) else { throw .malformedHeader }
        return (parts[0].lowercased(), trimmed(parts[1]))
    }

    /// `head; name=value; name="quoted value"`, as ``Multipart`` documents it.
    struct Value {
        let head: String
        /// `nil` when they are against the grammar.
        let parameters: [String: String]?

        init(_ text: String) {
            let parts = split(text, at: ";", limit: 1)
            head = trimmed(parts[0]).lowercased()
            parameters = parts.count == 2 ? Self.parameters(parts[1]) : [:]
        }

        private static func parameters(_ text: String) -> [String: String]? {
            var parameters: [String: String] = [:]
            for piece in pieces(text).map(trimmed) where !piece.isEmpty {
                let parts = split(piece, at: "=", limit: 1).map(trimmed)
                guard parts.count == 2, isToken(parts[0]), let value = value(parts[1]),
                    parameters.updateValue(value, forKey: parts[0].lowercased()) == nil
                else { return nil }
            }
            return parameters
        }

        /// What is between semicolons that are not quoted.
        private static func pieces(_ text: String) -> [String] {
            var pieces: [[UInt8]] = [[]]
            var isQuoted = false
            var isEscaped = false
            for byte in text.utf8 {
                if byte == UInt8(ascii: ";"), !isQuoted {
                    pieces.append([])
                    continue
                }
                if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
                isEscaped = isQuoted && !isEscaped && byte == UInt8(ascii: "\\")
                pieces[pieces.count - 1].append(byte)
            }
            return pieces.map { String(decoding: $0, as: UTF8.self) }
        }

        private static func value(_ text: String) -> String? {
            guard text.utf8.first == UInt8(ascii: "\"") else {
                return text.isEmpty || text.utf8.contains(where: " \t\"".utf8.contains) ? nil : text
            }
            var bytes = Array(text.utf8.dropFirst())
            var value: [UInt8] = []
            while !bytes.isEmpty {
                let escapes = [("\\\"", "\""), ("\\\\", "\\"), ("%22", "\"")]
                if let (escape, meaning) = escapes.first(where: { bytes.starts(with: $0.0.utf8) }) {
                    value += meaning.utf8
                    bytes.removeFirst(escape.utf8.count)
                } else if bytes[0] == UInt8(ascii: "\"") {
                    return bytes.count == 1 ? String(decoding: value, as: UTF8.self) : nil
                } else {
                    value.append(bytes.removeFirst())
                }
            }
            return nil
        }
    }

    private static func isToken(_ text: String) -> Bool {
        let separators = "()<>@,;:\\\"/[]?={}"
        return !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !separators.utf8.contains($0) }
    }

    private static func trimmed(_ text: String) -> String {
        var bytes = Array(text.utf8)
        while bytes.first == 0x20 || bytes.first == 0x09 { bytes.removeFirst() }
        while bytes.last == 0x20 || bytes.last == 0x09 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func split(_ text: String, at separator: Unicode.Scalar, limit: Int) -> [String] {
        text.utf8.split(separator: UInt8(ascii: separator), maxSplits: limit, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
