import Foundation
import Testing
import UploadTestSupport

/// A page in Markdown: the log lines that it quotes and the commands that it gives, by section.
struct Page {
    struct Section {
        let title: String
        /// Quotations of one code span each, and the code spans that rows of a table begin with.
        var quotes: [String] = []
        /// Blocks of shell commands.
        var commands: [String] = []
    }

    let sections: [Section]

    /// The page for operators.
    static func operations() throws -> Page { try Page("Sources/UploadCore/UploadCore.docc/Operations.md") }

    /// - Parameter path: from the package's folder.
    init(_ path: String) throws {
        var sections = [Section(title: "")]
        var block: [String]?
        for line in try Self.text(of: path).components(separatedBy: "\n") {
            let last = sections.count - 1
            if let lines = block {
                block = line == "```" ? nil : lines + [line]
                if block == nil { sections[last].commands.append(lines.joined(separator: "\n")) }
            } else if line == "```sh" {
                block = []
            } else if line.hasPrefix("#") {
                sections.append(Section(title: String(line.drop { $0 == "#" || $0 == " " })))
            } else if line.hasPrefix("> `"), line.hasSuffix("`") {
                sections[last].quotes.append(String(line.dropFirst(3).dropLast()))
            } else if line.hasPrefix("| `") {
                sections[last].quotes.append(String(line.dropFirst(3).prefix { $0 != "`" }))
            } else if line.hasPrefix(">"), line != ">" {
                // No quote in the form of the others: nothing will be found to fit it.
                sections[last].quotes.append(line)
            }
        }
        self.sections = sections
    }

    /// The section of that title; an empty one, which no test is content with, where there is none.
    subscript(_ title: String) -> Section {
        sections.first { $0.title == title } ?? Section(title: title)
    }

    /// - Parameter path: from the package's folder.
    static func text(of path: String) throws -> String {
        try String(contentsOfFile: self.path(path), encoding: .utf8)
    }

    /// The absolute path of a file of the package.
    static func path(_ path: String) -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
        return folder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(path).path
    }
}

/// A line of the log without time and level, or a quote of one, in which `…` stands for anything.
struct LogLine {
    let message: String
    let fields: [(name: String, value: String)]

    /// Takes the fields from the end.
    init(_ text: String) {
        let parts = text.wholeMatch(of: /(.*?)((?: [A-Za-z]+=(?:"(?:[^"\\]|\\.)*"|[^ "=]+))*)/)?.output
        message = parts.map { String($0.1) } ?? text
        fields = (parts?.2 ?? "").matches(of: /([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^ "=]+)/).map { match in
            (String(match.output.1), String(match.output.2))
        }
    }

    /// Whether this line is what the quote says: the same message, and the same fields in the same order, no other.
    func fits(_ quote: LogLine) -> Bool {
        Self.fits(message, quote.message) && fields.map(\.name) == quote.fields.map(\.name)
            && zip(fields, quote.fields).allSatisfy { Self.fits($0.value, $1.value) }
    }

    /// Whether a text is the pattern, with something in the place of each `…`.
    private static func fits(_ text: String, _ pattern: String) -> Bool {
        var (rest, pieces) = (text[...], pattern.components(separatedBy: "…")[...])
        guard let first = pieces.popFirst(), rest.hasPrefix(first) else { return false }
        rest = rest.dropFirst(first.count)
        guard let last = pieces.popLast() else { return rest.isEmpty }
        for piece in pieces {
            guard let found = rest.dropFirst().range(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.count > last.count && rest.hasSuffix(last)
    }
}

extension ServerProcess {
    /// Waits until the log has a line that fits this quote of it.
    func says(_ quote: String) async throws {
        let wanted = LogLine(quote)
        // Only lines that can fit are taken apart.
        let beginning = String(wanted.message.prefix { $0 != "…" })
        _ = try await eventually("'\(quote)' in the log") {
            let found = try logText().split(separator: "\n").contains { line in
                let parts = line.split(separator: " ", maxSplits: 3)
                guard parts.count == 4 else { return false }
                let text = String(parts[3].drop { $0 == " " })
                // A message that would be more than a line stands there as a JSON string.
                let said = text.hasPrefix("\"") ? (try? JSONTree(Array(text.utf8)))?.text ?? text : text
                return said.hasPrefix(beginning) && LogLine(said).fits(wanted)
            }
            return found ? true : nil
        }
    }

    /// Starts a server that does not come up.
    func expectRefusal(overrides: [String] = []) async throws {
        let process = try launch(overrides: overrides)
        let exit = try await process.waitForExit()
        #expect(exit == .code(1), "\(process.output.value.errorText)")
    }

    /// Makes a page of an index worthless: no row is lost with it. The server is stopped.
    func damage(index: String) async throws {
        let number = try await sqlite("SELECT rootpage FROM sqlite_schema WHERE name = '\(index)'")
        // The shell has closed it: all of it is in the file, and these are gone or empty.
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
        var bytes = try #require(TemporaryDirectory.read(database))
        let start = (try #require(Int(number)) - 1) * 4096
        for offset in start..<start + 4096 { bytes[offset] = 0xA5 }
        try Data(bytes).write(to: URL(fileURLWithPath: database))
    }

    /// Takes away what was staged.
    func removeStaged() throws {
        for name in stagingFiles() { try FileManager.default.removeItem(atPath: tmpDirectory + "/" + name) }
    }
}

extension TestBed {
    /// Types commands of a page in bash, where `$db` and the others stand for what is this bed's. They end at the first
    /// that fails.
    func bash(_ commands: String) async throws -> ProgramProcess.Output {
        let programs = URL(fileURLWithPath: try ProgramProcess.path(ofProduct: "fuploadServer"))
            .deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let process = own(
            try ProgramProcess(
                "bash", ["-e", "-c", commands],
                environment: [
                    "db": server.database, "conf": server.configuration, "tmpDir": server.tmpDirectory,
                    "away": folder + "/away", "backup": folder + "/backup", "PATH": "\(path):\(programs)",
                ], folder: folder))
        try await process.waitForExit(within: .seconds(60))
        return process.output.value
    }
}
