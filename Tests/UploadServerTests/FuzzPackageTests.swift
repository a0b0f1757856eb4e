import Foundation
import Testing

/// `scripts/fuzz` builds a package of its own, from links into this one.
@Suite struct FuzzPackageTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func dependencies(_ manifest: String) throws -> [Substring] {
        try String(contentsOf: Self.root.appending(path: manifest), encoding: .utf8)
            .matches(of: /\.package\(url: "[^"]+", exact: "[^"]+"\)/).map(\.output)
    }

    @Test func itsLibrariesAreThoseOfTheServer() throws {
        let own = try dependencies("Tests/Fuzz/Package.swift")
        #expect(!own.isEmpty)
        #expect(Set(own).isSubset(of: try dependencies("Package.swift")))
    }

    @Test func itsLinksLeadSomewhere() throws {
        let folder = Self.root.appending(path: "Tests/Fuzz")
        let paths = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }
        let links = try paths.filter { path in
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: path).path)
            return attributes[.type] as? FileAttributeType == .typeSymbolicLink
        }
        #expect(!links.isEmpty)
        for link in links {
            // Follows the link.
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: link).path), "\(link)")
        }
    }
}
