import Multipart
import NIOCore
import Testing

/// The header lines of a part whose field name is `a`.
private let header = "Content-Disposition: form-data; name=a\r\n\r\n"

@Suite struct ParserTests {
    @Test(
        arguments: [
            ("--B--", []),
            ("--B--\r\n", []),
            ("--B-- anything", []),
            ("\r\n--B--", []),
            ("preamble\r\n--B--", []),
            ("--A\r\n--B--", []),
            ("x--B\r\n--B--", []),
            ("--B\r\n\(header)\r\n--B--", [""]),
            ("--B\r\n\(header)--B--", [""]),
            ("--B \t \r\n\(header)x\r\n--B\t\r\n\(header)y\r\n--B--epilogue\r\n--B\r\n", ["x", "y"]),
            ("--B\r\n\(header)\r\n\r\n--B--", ["\r\n"]),
            ("--B\r\n\(header)\r\r\n--B--", ["\r"]),
            ("--B\r\n\(header)\n--B\r\n--B--", ["\n--B"]),
            ("--B\r\n\(header)\r\r\n-\r\n--\r\n--A\r\n--B--", ["\r\r\n-\r\n--\r\n--A"]),
            ("--B\r\n\(header)--\r\n--B--", ["--"]),
            ("--B\r\n\(header)--B", nil),
            ("--B\r\n\(header)x--B--", nil),
        ] as [(String, [String]?)])
    func bodies(input: String, bodies: [String]?) {
        for chunks in [[ByteBuffer(string: input)], input.utf8.bytewise] {
            let form = Collected(chunks: chunks, boundary: "B")
            #expect(form.error == (bodies == nil ? .truncated : nil))
            if let bodies { #expect(form.parts.map(\.body) == bodies.map { Array($0.utf8) }) }
        }
    }

    @Test(arguments: [
        "--Bx\r\n", "--B-x", "--B x", "--B\n", "--B\r\r\n", "--B \r \n", "--B --",
        "--B\r\n\(header)body\r\n--Body\r\n--B--",
    ])
    func lineThatBeginsWithTheBoundaryIsABoundaryLine(input: String) {
        #expect(Collected(input).error == .malformedBoundaryLine)
    }

    @Test func bodyIsASliceOfTheChunk() throws {
        var parser = MultipartParser(boundary: "B")
        let beginning = "--B\r\n\(header)"
        let chunk = ByteBuffer(string: "\(beginning)body\r\n--B--")
        parser.append(chunk)
        _ = try parser.next()
        guard case .body(let body) = try parser.next() else {
            Issue.record("no body")
            return
        }
        let expected = chunk.withUnsafeReadableBytes { $0.baseAddress.map { $0 + beginning.utf8.count } }
        #expect(body == ByteBuffer(string: "body"))
        #expect(body.withUnsafeReadableBytes { $0.baseAddress } == expected)
    }

    @Test func onlyARealBeginningOfADelimiterIsWithheld() throws {
        var parser = MultipartParser(boundary: "boundary")
        parser.append(ByteBuffer(string: "--boundary\r\n\(header)"))
        _ = try parser.next()
        for (chunk, expected) in [
            ("one\r\n-", ["one"]), ("two", ["\r\n-", "two"]), ("\r", []), ("\r", ["\r"]), ("\n--bound", []), ("", []),
            ("er", ["\r\n--bound", "er"]),
        ] {
            parser.append(ByteBuffer(string: chunk))
            var events: [MultipartEvent] = []
            while let event = try parser.next() { events.append(event) }
            #expect(events == expected.map { .body(ByteBuffer(string: $0)) })
        }
    }

    @Test func chunksMayPileUp() throws {
        let input = "--B\r\n\(header)body\r\n--B--"
        var parser = MultipartParser(boundary: "B")
        for chunk in input.utf8.bytewise { parser.append(chunk) }
        var form = Collected()
        while let event = try parser.next() { form.add(event) }
        try parser.finish()
        #expect(form == Collected(input))
    }

    @Test func everythingAfterTheEndIsIgnored() throws {
        var parser = MultipartParser(boundary: "B")
        parser.append(ByteBuffer(string: "--B--"))
        #expect(try parser.next() == .end)
        parser.append(ByteBuffer(string: "\r\n--Bx"))
        #expect(try parser.next() == nil)
        try parser.finish()
    }

    @Test func errorIsRepeated() {
        var parser = MultipartParser(boundary: "B")
        parser.append(ByteBuffer(string: "--Bx"))
        for _ in 0..<2 {
            #expect(throws: MultipartError.malformedBoundaryLine) { try parser.next() }
            parser.append(ByteBuffer(string: "--B--"))
        }
        #expect(throws: MultipartError.malformedBoundaryLine) { try parser.finish() }
    }

    @Test func descriptionsRepeatNothingOfTheInput() {
        #expect("\(MultipartError.truncated)" == "The form ended before its closing boundary.")
    }
}

@Suite struct LimitTests {
    /// As one chunk and bytewise, because the limits are checked chunk by chunk.
    private func errors(_ input: String, _ limits: MultipartLimits) -> [MultipartError?] {
        [
            Collected(input, limits: limits).error,
            Collected(chunks: input.utf8.bytewise, boundary: "B", limits: limits).error,
        ]
    }

    @Test func parts() {
        let part = "--B\r\n\(header)\r\n"
        #expect(errors("\(part)\(part)--B--", MultipartLimits(maxParts: 2)) == [nil, nil])
        #expect(errors("\(part)\(part)--B--", MultipartLimits(maxParts: 1)) == [.tooManyParts, .tooManyParts])
    }

    @Test func headerBytes() {
        let form = "--B\r\n\(header)\r\n--B\r\n\(header)\r\n--B--"
        let length = header.utf8.count
        #expect(errors(form, MultipartLimits(maxHeaderBytes: length)) == [nil, nil])
        #expect(errors(form, MultipartLimits(maxHeaderBytes: length - 1)) == [.headerTooLarge, .headerTooLarge])
    }

    @Test func endlessHeaderLineIsRefusedBeforeItEnds() {
        let input = "--B\r\nX: \(String(repeating: "x", count: 10_000))"
        #expect(errors(input, MultipartLimits()) == [.headerTooLarge, .headerTooLarge])
    }

    @Test func preamble() {
        let limits = MultipartLimits(maxHeaderBytes: 10)
        #expect(errors("0123456789\r\n--B--", limits) == [nil, nil])
        #expect(errors("0123456789a\r\n--B--", limits) == [.preambleTooLarge, .preambleTooLarge])
    }

    @Test func epilogue() {
        let limits = MultipartLimits(maxEpilogueBytes: 10)
        #expect(errors("--B--0123456789", limits) == [nil, nil])
        #expect(errors("--B--0123456789a", limits) == [.epilogueTooLarge, .epilogueTooLarge])
        #expect(errors("--B--", MultipartLimits(maxEpilogueBytes: 0)) == [nil, nil])
        #expect(errors("--B--\r", MultipartLimits(maxEpilogueBytes: 0)) == [.epilogueTooLarge, .epilogueTooLarge])
    }

    /// However the chunks are divided, the form was complete before.
    @Test(arguments: 1...12) func anEpilogueThatIsTooLargeComesAfterTheEnd(length: Int) throws {
        var parser = MultipartParser(boundary: "B", limits: MultipartLimits(maxEpilogueBytes: 3))
        var events: [MultipartEvent] = []
        #expect(throws: MultipartError.epilogueTooLarge) {
            for chunk in "--B--epilogue".utf8.split({ length }) {
                parser.append(chunk)
                while let event = try parser.next() { events.append(event) }
            }
        }
        #expect(events == [.end])
        #expect(throws: MultipartError.epilogueTooLarge) { try parser.finish() }
    }

    @Test func whiteSpaceAfterABoundary() {
        let limits = MultipartLimits(maxHeaderBytes: 10)
        #expect(errors("--B" + String(repeating: " ", count: 10), limits) == [.truncated, .truncated])
        #expect(errors("--B" + String(repeating: " ", count: 11), limits) == [.headerTooLarge, .headerTooLarge])
    }
}
