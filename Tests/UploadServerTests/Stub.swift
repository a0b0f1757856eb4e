import Testing
@Suite struct StubTests { @Test func stub() {} }
