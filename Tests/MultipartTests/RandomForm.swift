import Multipart

/// A random form, full of what looks almost like a boundary.
struct RandomForm {
    var boundary: String
    var parts: [Collected.Part]
    var bytes: [UInt8]

    init(using generator: inout some RandomNumberGenerator) {
        boundary = Self.boundary(using: &generator)
        parts = []
        let preamble = ["", "", "\r\n", "preamble\r\n", "\r\r\n\r\n", "--\r\n"].randomElement(using: &generator) ?? ""
        bytes = Array(preamble.utf8)
        for index in 0..<Int.random(in: 0...4, using: &generator) {
            let fileName = Bool.random(using: &generator) ? "file \(index).bin" : nil
            let body = Self.body(boundary: boundary, using: &generator)
            let header = MultipartPartHeader(name: "field\(index)", fileName: fileName, contentType: nil)
            parts.append(Collected.Part(header: header, body: body, isComplete: true))

            let padding = ["", "", " ", "\t "].randomElement(using: &generator) ?? ""
            bytes += Array("--\(boundary)\(padding)\r\nContent-Disposition: form-data; name=\"\(header.name)\"".utf8)
            if let fileName { bytes += Array("; filename=\"\(fileName)\"".utf8) }
            bytes += Array("\r\n\r\n".utf8) + body + Array("\r\n".utf8)
        }
        bytes += Array("--\(boundary)--".utf8)
        let epilogues = ["", "\r\n", "\r\nepilogu", "\r\nepilogue", "\r\n--\(boundary)\r\n"]
        bytes += Array((epilogues.randomElement(using: &generator) ?? "").utf8)
    }

    private static func boundary(using generator: inout some RandomNumberGenerator) -> String {
        let alphabet = ["-", "a", "=b", " c"]
        return (0...Int.random(in: 0..<20, using: &generator))
            .map { _ in alphabet.randomElement(using: &generator) ?? "a" }
            .joined()
    }

    private static func body(boundary: String, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        let lineEnds = ["\r", "\n", "\r\n", "\r\r\n", "--"]
        var body: [UInt8] = []
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
            let piece: [UInt8]
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: piece = Array(delimiter.dropLast())
            case 1: piece = Array(delimiter.prefix(Int.random(in: 0..<delimiter.count, using: &generator)))
            case 2: piece = Array(delimiter.dropFirst(Int.random(in: 1..<4, using: &generator)))
            case 3: piece = Array((lineEnds.randomElement(using: &generator) ?? "").utf8)
            default: piece = (0..<5).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            // No sender chooses a boundary that is in the content.
            let text = Array("\r\n".utf8) + body + piece
            guard !text.indices.contains(where: { text[$0...].starts(with: delimiter) }) else { continue }
            body += piece
        }
        return body
    }
}
