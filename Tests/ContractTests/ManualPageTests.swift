import Foundation
import Testing
import UploadTestSupport

/// The page of the manual has what the program says of itself, and nothing else.
@Suite(.contract)
struct ManualPageTests {
    /// A part of the page: `.Sh` or `.Ss` and what follows.
    private struct Section {
        let title: String
        var lines: [String] = []

        /// Of the items that begin with a flag.
        var options: Set<String> {
            let items = lines.filter { $0.hasPrefix(".It Fl ") }
            return Set(items.flatMap { $0.matches(of: /Fl -([a-z-]+)/).map { String($0.1) } })
        }
        var arguments: [String] { lines.compactMap { $0.wholeMatch(of: /\.It Ar ([A-Z]+)/).map { String($0.1) } } }
        var exitCodes: Set<Int> { Set(lines.compactMap { $0.wholeMatch(of: /\.It (\d+)/).flatMap { Int($0.1) } }) }
    }

    private static let path = "Sources/fuploadServer/fuploadServer.1"
    /// Of all commands.
    private static let everywhere: Set<String> = ["config", "set", "help", "version"]

    private func sections() throws -> [Section] {
        try Page.text(of: Self.path).components(separatedBy: "\n").reduce(into: []) { sections, line in
            if line.hasPrefix(".Sh ") || line.hasPrefix(".Ss ") {
                sections.append(Section(title: String(line.dropFirst(4))))
            } else if !sections.isEmpty {
                sections[sections.count - 1].lines.append(line)
            }
        }
    }

    private func section(_ title: String) throws -> Section {
        try #require(try sections().first { $0.title == title }, "\(Self.path) has no section for \(title)")
    }

    private func program() async throws -> JSONTree {
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"), ["--experimental-dump-help"])
        #expect(try await process.waitForExit() == .code(0))
        return process.output.value.json["command"]
    }

    private func options(_ command: JSONTree) -> Set<String> {
        let names = command["arguments"].elements.flatMap { $0["names"].elements }
        return Set(names.filter { $0["kind"].text == "long" }.compactMap { $0["name"].text })
    }

    private func arguments(_ command: JSONTree) -> [String] {
        command["arguments"].elements.filter { $0["kind"].text == "positional" }.compactMap { $0["valueName"].text }
    }

    /// The numbers behind "Exit codes:".
    private func exitCodes(_ command: JSONTree) -> Set<Int> {
        let words = (command["discussion"].text ?? "").components(separatedBy: "Exit codes:")
        guard words.count == 2 else { return [] }
        return Set(words[1].matches(of: /\b\d+\b/).compactMap { Int($0.output) })
    }

    @Test func eachCommandIsInIt() async throws {
        let program = try await program()
        let commands = program["subcommands"].elements.filter { $0["commandName"].text != "help" }
        #expect(commands.count >= 6)
        for command in commands {
            let name = try #require(command["commandName"].text)
            let section = try section(name)
            #expect(section.options == options(command).subtracting(Self.everywhere), "the options of \(name)")
            #expect(section.arguments == arguments(command), "the arguments of \(name)")
            let codes = exitCodes(command)
            #expect(codes.isSuperset(of: [0, 64, 78]), "the help of \(name) does not tell its exit codes")
            #expect(section.exitCodes.union([64, 78]) == codes, "the exit codes of \(name)")
        }
        let all = try sections()
        let first = try #require(all.firstIndex { $0.title == "COMMANDS" })
        let told = all[(first + 1)...].prefix { $0.title.lowercased() == $0.title }.map(\.title)
        #expect(told == commands.compactMap { $0["commandName"].text }, "in the order of the help, and no other")
    }

    @Test func theServerIsInIt() async throws {
        let program = try await program()
        #expect(try section("OPTIONS").options == options(program))
        #expect(try section("EXIT STATUS").exitCodes == exitCodes(program))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/groff"), "needs groff"))
    func itCanBeRead() async throws {
        let groff = try ProgramProcess("groff", ["-mandoc", "-ww", "-Tutf8", Page.path(Self.path)])
        #expect(try await groff.waitForExit() == .code(0))
        #expect(groff.output.value.errorText == "")
        #expect(groff.output.value.text.contains("undoes"))
    }
}
