/// Random JSON text: every kind of value, white space where it may be, escapes where they need not be.
struct RandomJSON<Generator: RandomNumberGenerator> {
    var generator: Generator

    mutating func object(_ names: [String] = [], depth: Int = 0) -> String {
        let others = (0..<count(4)).map { _ in string() }
        let pairs = (names.map { "\"\($0)\"" } + others).shuffled(using: &generator).map { name in
            "\(space())\(name)\(space()):\(space())\(value(depth: depth + 1))\(space())"
        }
        return "{\(pairs.isEmpty ? space() : pairs.joined(separator: ","))}"
    }

    mutating func value(depth: Int) -> String {
        switch count(depth < 5 ? 8 : 6) {
        case 0: pick(["true", "false", "null"])
        case 1: pick(["0", "-0", "7", "1048576", "9223372036854775807", "-9223372036854775809"])
        case 2: pick(["0.5", "1.0", "-1.50", "1e2", "1E+2", "2e-3", "0e0"])
        case 3...5: string()
        case 6: object(depth: depth)
        default: array(depth: depth)
        }
    }

    private mutating func array(depth: Int) -> String {
        let values = (0..<count(4)).map { _ in "\(space())\(value(depth: depth + 1))\(space())" }
        return "[\(values.isEmpty ? space() : values.joined(separator: ","))]"
    }

    private mutating func string() -> String {
        let pieces = [
            "a", "B", "é", "e\u{301}", "日", "😀", "/", "\\/", "\\\"", "\\\\", "\\b", "\\f", "\\n", "\\r", "\\t", " ",
            "\\u0061", "\\u00E9", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\u0000", "\\u001f", "\u{7F}", "{", "]", ",",
        ]
        return "\"" + (0..<count(6)).map { _ in pick(pieces) }.joined() + "\""
    }

    private mutating func space() -> String {
        pick(["", "", "", " ", "\n", "\t", "\r\n"])
    }

    private mutating func count(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

    private mutating func pick(_ texts: [String]) -> String { texts.randomElement(using: &generator) ?? "" }
}
