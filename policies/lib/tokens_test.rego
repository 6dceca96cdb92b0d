package policies.lib.tokens_test

import data.policies.lib.tokens

# put together here, so that no scanner takes them for the real thing
github := concat("", ["gh", "p_", "0123456789abcdefghijABCDEFGHIJ012345"])

test_a_token_is_named_for_its_service if {
	tokens.suspected(github)
	tokens.names_in(github) == {"a token of GitHub"}
}

test_an_example_of_one_is_none if {
	tokens.names_in(concat("", ["AKIA", "IOSFODNN7EXAMPLE"])) == set()
}

test_a_text_is_found_where_it_lies if {
	found := tokens.texts with input as {"data": {"a": "plain", "list": ["plain", github]}}
	found == [{"path": ["data", "list", 1], "value": github}]
}

test_what_lies_too_deep_is_one_text if {
	found := tokens.texts with input as {"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": {"9": {"10": {"11": {"12": {"13": github}}}}}}}}}}}}}
	found == [{
		"path": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"],
		"value": json.marshal({"13": github}),
	}]
}
