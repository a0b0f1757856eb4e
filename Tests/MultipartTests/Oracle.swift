/// Where one sequence of bytes occurs in another, found the obvious way.
func occurrences(of needle: [UInt8], in haystack: [UInt8]) -> [Int] {
    guard haystack.count >= needle.count else { return [] }
    return (0...haystack.count - needle.count).filter { start in
        haystack[start] == needle[0] && haystack[start...].starts(with: needle)
    }
}

/// The bodies of a well-formed form, read from the whole of it at once.
func bodiesByOracle(_ input: [UInt8], boundary: String) -> [[UInt8]] {
    // The CRLF in front makes the first boundary like the others.
    let text = Array("\r\n".utf8) + input
    let delimiter = Array("\r\n--\(boundary)".utf8)
    let starts = occurrences(of: delimiter, in: text)
    var bodies: [[UInt8]] = []
    for (start, next) in zip(starts, starts.dropFirst()) {
        let part = Array(text[(start + delimiter.count)..<next])
        if part.starts(with: "--".utf8) { break }
        let headerEnd = occurrences(of: Array("\r\n\r\n".utf8), in: part)[0]
        bodies.append(Array(part[(headerEnd + 4)...]))
    }
    return bodies
}
