import OpenAPI
import Testing
import UploadServer
import Yams

@testable import UploadHTTP

/// What a look at the document alone can tell; the rest, `scripts/check-openapi` asks a server.
@Suite struct OpenAPIDocumentTests {
    private let document: Node

    init() throws {
        document = try #require(try Yams.compose(yaml: OpenAPIDocument.yaml))
    }

    @Test func itIsOfThisVersion() {
        #expect(document["openapi"]?.string == "3.1.0")
        #expect(document["info"]?["version"]?.string == Version.number)
    }

    @Test(arguments: Route.allCases) func itHasEveryRouteOfTheFront(route: Route) throws {
        let operations = try #require(document["paths"]?[route.path]?.mapping, "\(route.path) is not in the document")
        let methods: [String] = operations.keys.compactMap(\.string).filter { !["servers", "parameters"].contains($0) }
        #expect(methods == [route.method.rawValue.lowercased()], "\(route.path)")
    }
}
