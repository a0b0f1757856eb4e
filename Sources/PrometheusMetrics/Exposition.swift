/// A page in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct Exposition {
    private(set) var text = ""

    /// What is told of a family before its series.
    mutating func begin(_ description: MetricDescription, _ kind: MetricKind) {
        if !description.help.isEmpty {
            text += "# HELP \(description.name) \(Self.escaped(description.help, quotes: false))\n"
        }
        text += "# TYPE \(description.name) \(kind.rawValue)\n"
    }

    /// One sample.
    ///
    /// - Parameter bound: the upper bound of a histogram's bucket.
    mutating func line(_ name: String, _ labels: Labels, _ value: Double, bound: Double? = nil) {
        var pairs = labels.pairs.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
        if let bound { pairs.append("le=\"\(Self.number(bound))\"") }
        text += name
        if !pairs.isEmpty { text += "{" + pairs.joined(separator: ",") + "}" }
        text += " \(Self.number(value))\n"
    }

    /// As Go's parser reads it.
    private static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        if value.isNaN { return "NaN" }
        // Beyond this not every whole number is a Double, and it is shown as it is.
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
