import Multipart
import Testing

@Suite struct HeaderTests {
    private func parse(_ lines: String) -> Collected {
        Collected("--B\r\n\(lines)\r\n\r\n\r\n--B--")
    }

    @Test(
        arguments: [
            ("form-data; name=\"a\"", "a", nil),
            ("form-data; name=a; filename=b.txt", "a", "b.txt"),
            ("FORM-DATA ;FileName=\"b\" ; NAME = \"a\" ;", "a", "b"),
            ("form-data; name=\"a\"; filename=\"\"", "a", ""),
            (#"form-data; name="a\"b\\c"; filename="\\\"""#, #"a"b\c"#, #"\""#),
            (#"form-data; name="a"; filename="C:\dir\file.txt""#, "a", #"C:\dir\file.txt"#),
            ("form-data; name=\"%22a%22\"; filename=\"%2\"", "\"a\"", "%2"),
            ("form-data; name=\"a%0D%0Ab%25\"", "a%0D%0Ab%25", nil),
            ("form-data; name=%22a", "%22a", nil),
            ("form-data; name=\"a;b=c\"; x=y", "a;b=c", nil),
            ("form-data; name=\"ä 日本\"; filename=ö.txt", "ä 日本", "ö.txt"),
            ("form-data; name=a; filename=\"b\"; filename*=UTF-8''c", "a", "b"),
            ("form-data; name=a; filename*=UTF-8''c", "a", nil),
            ("form-data;\r\n name=a;\r\n\tfilename=b", "a", "b"),
        ] as [(String, String, String?)])
    func reads(disposition: String, name: String, fileName: String?) {
        let form = parse("Content-Disposition: \(disposition)")
        #expect(form.error == nil)
        #expect(form.parts.map(\.header) == [MultipartPartHeader(name: name, fileName: fileName)])
    }

    @Test(
        arguments: [
            ("Content-Disposition", .malformedHeader),
            (": form-data; name=a", .malformedHeader),
            ("Content-Disposition : form-data; name=a", .malformedHeader),
            (" Content-Disposition: form-data; name=a", .malformedHeader),
            ("Content-Disposition: attachment; name=a", .malformedHeader),
            ("Content-Disposition: form-data; name", .malformedHeader),
            ("Content-Disposition: form-data; name=", .malformedHeader),
            ("Content-Disposition: form-data; =a", .malformedHeader),
            ("Content-Disposition: form-data; name=\"a", .malformedHeader),
            ("Content-Disposition: form-data; name=\"a\\\"", .malformedHeader),
            ("Content-Disposition: form-data; name=\"a\"b", .malformedHeader),
            ("Content-Disposition: form-data; name=a b", .malformedHeader),
            ("Content-Disposition: form-data; name=a; name=a", .malformedHeader),
            ("Content-Disposition: form-data; name=a; filename=b; FileName=c", .malformedHeader),
            ("Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a", .malformedHeader),
            ("Content-Disposition: form-data; name=a\r\nContent-Type: a/b\r\nContent-Type: a/b", .malformedHeader),
            ("Content-Disposition: form-data; name=a\u{0}", .malformedHeader),
            ("Content-Disposition: form-data; name=a\rX: y", .malformedHeader),
            ("Content-Disposition: form-data; name=a\nX: y", .malformedHeader),
            ("Content-Disposition: form-data; name=a\r\n\nX: y", .malformedHeader),
            ("Content-Disposition: form-data", .missingName),
            ("Content-Disposition: form-data; filename=a", .missingName),
            ("Content-Disposition: form-data; name=\"\"", .missingName),
            ("Content-Type: text/plain", .missingName),
            ("", .missingName),
            ("\n", .malformedHeader),
        ] as [(String, MultipartError)])
    func refuses(lines: String, error: MultipartError) {
        let form = parse(lines)
        #expect(form.error == error)
        #expect(form.parts.isEmpty)
    }

    @Test func contentTypeIsKeptAsItIsAndOtherHeadersAreIgnored() {
        let form = parse(
            "X-Any: 1\r\ncontent-TYPE:\tText/Plain; charset=\"x\" \r\nX-Any: 2\r\nCONTENT-disposition:form-data;name=a"
        )
        #expect(form.parts.first?.header == MultipartPartHeader(name: "a", contentType: "Text/Plain; charset=\"x\""))
    }

    @Test func emptyContentTypeIsNone() {
        let form = parse("Content-Type: \r\nContent-Disposition: form-data; name=a")
        #expect(form.parts.first?.header == MultipartPartHeader(name: "a"))
    }

    @Test func fileNameInAnotherEncodingIsRepaired() {
        let before = "--B\r\nContent-Disposition: form-data; name=a; filename=\"na"
        let after = "ve\"\r\n\r\n\r\n--B--"
        let latin1 = Array(before.utf8) + [0xEF] + Array(after.utf8)
        #expect(Collected(latin1).parts.first?.header == MultipartPartHeader(name: "a", fileName: "na\u{FFFD}ve"))
    }
}
