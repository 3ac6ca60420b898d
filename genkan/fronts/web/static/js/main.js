// Makes pages quicker to use. Every page works without it, so each part only looks for its own markup.
import { offerCopying } from "./copy.js";
import { filterAccounts } from "./filter.js";
import { showLocalTimes, countDown } from "./time.js";
import { switchTheme, dismissHint, rememberSystem } from "./preferences.js";
import { submitByItself } from "./submit.js";

submitByItself();
switchTheme();
dismissHint();
rememberSystem();
offerCopying();
filterAccounts();
showLocalTimes();
countDown();
