import UploadCore

/// A text as a JSON string literal in which nothing ends the line, steers a terminal, or hides from who reads it.
///
/// As ``jsonString(_:)``, with the scalars that are not to be seen (``isUnseen``) in the form `\u….` too. Any JSON parser
/// gives back the text.
func logString(_ text: String) -> String {
    let literal = jsonString(text)
    guard hasUnseen(literal) else { return literal }
    var result = ""
    for scalar in literal.unicodeScalars {
        guard scalar.isUnseen else {
            result.unicodeScalars.append(scalar)
            continue
        }
        for unit in scalar.utf16 {
            let digits = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
    return result
}

/// Whether there are scalars in a text that are not to be seen.
func hasUnseen(_ text: String) -> Bool {
    // Nearly every text is of bytes that need no table.
    !text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && text.unicodeScalars.contains { $0.isUnseen }
}

extension Unicode.Scalar {
    /// Whether it is none of what one sees: control characters, line and paragraph separators, and what changes the
    /// direction or the look of the text around it (General_Category Cc, Zl, Zp, Cf of https://www.unicode.org/reports/tr44/).
    var isUnseen: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
