/// A text as a JSON string literal (RFC 8259, section 7), quotes included.
public func jsonString(_ text: String) -> String {
    var result: [UInt8] = [UInt8(ascii: "\"")]
    result.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            result.append(UInt8(ascii: "\\"))
            result.append(byte)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            result.append(contentsOf: "\\u00".utf8)
            result.append(digits[Int(byte >> 4)])
            result.append(digits[Int(byte & 15)])
        default:
            result.append(byte)
        }
    }
    result.append(UInt8(ascii: "\""))
    return String(decoding: result, as: UTF8.self)
}
