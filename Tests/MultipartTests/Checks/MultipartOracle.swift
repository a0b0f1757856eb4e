import Multipart

/// Reads a form from the whole of it at once, the obvious way: what the parser is documented to find, without anything
/// that makes it fast or lets it stream.
struct MultipartOracle {
    private let text: [UInt8]
    private let delimiter: [UInt8]
    private let limits: MultipartLimits
    private var position = 0

    static func read(_ input: [UInt8], boundary: String, limits: MultipartLimits = .init()) -> Collected {
        guard isValid(boundary) else { return Collected(error: .invalidBoundary) }
        var form = Collected()
        var oracle = MultipartOracle(
            // The CRLF in front makes the first boundary like the others.
            text: Array("\r\n".utf8) + input, delimiter: Array("\r\n--\(boundary)".utf8), limits: limits)
        do throws(MultipartError) {
            try oracle.preamble()
            while try oracle.boundaryLineOpensAPart() {
                guard form.parts.count < limits.maxParts else { throw .tooManyParts }
                form.parts.append(Collected.Part(header: try HeaderOracle.read(try oracle.headerLines())))
                let (body, isComplete) = oracle.content()
                form.parts[form.parts.count - 1].body = body
                form.parts[form.parts.count - 1].isComplete = isComplete
                if !isComplete { throw .truncated }
            }
            form.isComplete = true
            guard oracle.unread <= limits.maxEpilogueBytes else { throw .epilogueTooLarge }
        } catch {
            form.error = error
        }
        return form
    }

    /// Bytes from here to the end.
    private var unread: Int { text.count - position }

    private mutating func preamble() throws(MultipartError) {
        let (bytes, isComplete) = content()
        guard bytes.count <= limits.maxHeaderBytes else { throw .preambleTooLarge }
        if !isComplete { throw .truncated }
    }

    /// What comes between the CRLF here and the next delimiter, and moves behind that. Both may be the same CRLF.
    /// Without a delimiter the end may be the beginning of one, and is not counted as content.
    private mutating func content() -> (bytes: [UInt8], isComplete: Bool) {
        for start in position..<text.count where text[start...].starts(with: delimiter) {
            defer { position = start + delimiter.count }
            return (Array(text[position..<start].dropFirst(2)), true)
        }
        let rest = text[position...]
        let withheld = (0..<delimiter.count).last { $0 <= rest.count && rest.suffix($0) == delimiter.prefix($0) } ?? 0
        return (Array(rest.dropLast(withheld).dropFirst(2)), false)
    }

    /// Whether a part follows; otherwise it was the last boundary.
    private mutating func boundaryLineOpensAPart() throws(MultipartError) -> Bool {
        var rest = text[position...]
        if rest.starts(with: "--".utf8) {
            position += 2
            return false
        }
        if rest.elementsEqual("-".utf8) { throw .truncated }
        let padding = rest.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard padding.count <= limits.maxHeaderBytes else { throw .headerTooLarge }
        rest = rest.dropFirst(padding.count)
        if rest.isEmpty || rest.elementsEqual("\r".utf8) { throw .truncated }
        guard rest.starts(with: "\r\n".utf8) else { throw .malformedBoundaryLine }
        position += padding.count + 2
        return true
    }

    /// The lines up to the empty one, whose CRLF may serve as that of the next delimiter.
    private mutating func headerLines() throws(MultipartError) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = position
        while true {
            let lineFeed = text[start...].firstIndex(of: UInt8(ascii: "\n"))
            guard (lineFeed ?? text.count - 1) + 1 - position <= limits.maxHeaderBytes else { throw .headerTooLarge }
            guard let lineFeed else { throw .truncated }
            guard lineFeed > start, text[lineFeed - 1] == UInt8(ascii: "\r") else { throw .malformedHeader }
            if lineFeed - 1 == start {
                position = start
                return lines
            }
            lines.append(Array(text[start..<lineFeed - 1]))
            start = lineFeed + 1
        }
    }
}

extension MultipartOracle {
    static func boundary(contentType: String) throws(MultipartError) -> String {
        let value = HeaderOracle.Value(contentType)
        guard value.head == "multipart/form-data" else { throw .notMultipart }
        guard let parameters = value.parameters else { throw .invalidBoundary }
        guard let boundary = parameters["boundary"] else { throw .missingBoundary }
        guard isValid(boundary) else { throw .invalidBoundary }
        return boundary
    }

    private static func isValid(_ boundary: String) -> Bool {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? "
        return (1...70).contains(boundary.utf8.count) && boundary.utf8.allSatisfy(allowed.utf8.contains)
            && !boundary.hasSuffix(" ")
    }
}
