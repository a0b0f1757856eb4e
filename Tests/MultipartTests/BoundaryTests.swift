import Multipart
import Testing

@Suite struct BoundaryTests {
    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"),
        ("Multipart/Form-Data;BOUNDARY=abc", "abc"),
        ("  multipart/form-data ; charset=utf-8 ; boundary = abc ;", "abc"),
        ("multipart/form-data; boundary=\"a b:c\"; charset=utf-8", "a b:c"),
        ("multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk", "----WebKitFormBoundary7MA4YWxk"),
        ("multipart/form-data; boundary=----=_Part_1(2)/3.4", "----=_Part_1(2)/3.4"),
        ("multipart/form-data; boundary=\"'()+_,-./:=?\"", "'()+_,-./:=?"),
        ("multipart/form-data; note=\"a; boundary=x\"; boundary=y", "y"),
    ])
    func finds(contentType: String, boundary: String) throws {
        #expect(try MultipartBoundary.parse(contentType: contentType) == boundary)
    }

    @Test(
        arguments: [
            (nil, .notMultipart),
            ("", .notMultipart),
            ("; boundary=a", .notMultipart),
            ("multipart/mixed; boundary=a", .notMultipart),
            ("multipart/form-database; boundary=a", .notMultipart),
            ("multipart/form-data", .missingBoundary),
            ("multipart/form-data;", .missingBoundary),
            ("multipart/form-data; charset=utf-8", .missingBoundary),
            ("multipart/form-data; boundary=", .invalidBoundary),
            ("multipart/form-data; boundary=\"\"", .invalidBoundary),
            ("multipart/form-data; boundary=\"a", .invalidBoundary),
            ("multipart/form-data; boundary=\"a \"", .invalidBoundary),
            ("multipart/form-data; boundary=\"a\"b", .invalidBoundary),
            ("multipart/form-data; boundary=a b", .invalidBoundary),
            ("multipart/form-data; boundary=a, multipart/form-data; boundary=a", .invalidBoundary),
            ("multipart/form-data; boundary=a; boundary=a", .invalidBoundary),
            ("multipart/form-data; boundary=a*b", .invalidBoundary),
            ("multipart/form-data; boundary=\"a\r\nb\"", .invalidBoundary),
            ("multipart/form-data; boundary=ä", .invalidBoundary),
            ("multipart/form-data; boundary; boundary=a", .invalidBoundary),
        ] as [(String?, MultipartError)])
    func refuses(contentType: String?, error: MultipartError) {
        #expect(throws: error) { try MultipartBoundary.parse(contentType: contentType) }
    }

    @Test func lengthIsAtMost70() throws {
        let longest = String(repeating: "a", count: 70)
        #expect(try MultipartBoundary.parse(contentType: "multipart/form-data; boundary=\(longest)") == longest)
        #expect(throws: MultipartError.invalidBoundary) {
            try MultipartBoundary.parse(contentType: "multipart/form-data; boundary=\(longest)a")
        }
    }

    @Test(arguments: ["", "a\r\nb", " ", "ä", String(repeating: "a", count: 1000)])
    func parserRefusesAnInvalidBoundary(boundary: String) {
        #expect(Collected("--\(boundary)--", boundary: boundary).error == .invalidBoundary)
    }
}
