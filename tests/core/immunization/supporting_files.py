"""A release of supporting data that is small enough to read, in the published format."""

SCHEDULE = """<scheduleSupportingData>
<liveVirusConflicts><liveVirusConflict>
<previous><vaccineType>One</vaccineType><cvx>01</cvx></previous>
<current><vaccineType>One</vaccineType><cvx>01</cvx></current>
<conflictBeginInterval>1 day</conflictBeginInterval>
<minConflictEndInterval>24 days</minConflictEndInterval>
<conflictEndInterval>28 days</conflictEndInterval>
</liveVirusConflict></liveVirusConflicts>
<vaccineGroups><vaccineGroup><name>Alpha</name><administerFullVaccineGroup/></vaccineGroup></vaccineGroups>
<vaccineGroupToAntigenMap><vaccineGroupMap><name>Alpha</name><antigen>Alpha</antigen></vaccineGroupMap>
</vaccineGroupToAntigenMap>
<cvxToAntigenMap><cvxMap><cvx>1</cvx><shortDescription>one</shortDescription>
<association><antigen>Alpha</antigen><associationEndAge>50 years</associationEndAge></association></cvxMap>
</cvxToAntigenMap>
<observations><observation><observationCode>007</observationCode><observationTitle>Pregnant</observationTitle>
<codedValues><codedValue><code>77386006</code><codeSystem>SNOMED</codeSystem><text>pregnant</text></codedValue>
</codedValues></observation></observations>
</scheduleSupportingData>"""

ANTIGEN = """<antigenSupportingData>
<immunity><clinicalHistory><guidelineCode>007</guidelineCode></clinicalHistory>
<dateOfBirth><immunityBirthDate>01/31/1957</immunityBirthDate><birthCountry>U.S.</birthCountry>
<exclusion><exclusionCode>007</exclusionCode></exclusion></dateOfBirth></immunity>
<contraindications><vaccine><contraindication><observationCode>007</observationCode>
<contraindicatedVaccine><cvx>01</cvx><endAge>1 year</endAge></contraindicatedVaccine></contraindication></vaccine>
</contraindications>
<series><seriesName>Alpha series</seriesName><targetDisease>Alpha</targetDisease><vaccineGroup>Alpha</vaccineGroup>
<seriesAdminGuidance>n/a</seriesAdminGuidance><seriesType>Standard</seriesType><equivalentSeriesGroups>2;3</equivalentSeriesGroups>
<requiredGender>Female</requiredGender><requiredGender>Transgender</requiredGender>
<selectSeries><defaultSeries>Yes</defaultSeries><productPath>No</productPath><seriesGroupName>Standard</seriesGroupName>
<seriesGroup>1</seriesGroup><seriesPriority>A</seriesPriority><seriesPreference>1</seriesPreference>
<minAgeToStart/><maxAgeToStart>5 years</maxAgeToStart></selectSeries><indication/>
<seriesDose><doseNumber>Dose 1</doseNumber>
<age><absMinAge>12 months - 4 days</absMinAge><minAge>12 months</minAge><effectiveDate>20230912</effectiveDate></age>
<interval><fromPrevious>N</fromPrevious><fromMostRecent>1; 02</fromMostRecent><minInt>8 Weeks</minInt>
<intervalPriority>override</intervalPriority></interval><interval/>
<preferableVaccine><cvx>01</cvx><beginAge>12 months</beginAge><volume>0.5</volume>
<forecastVaccineType>Y</forecastVaccineType></preferableVaccine>
<conditionalSkip><context>Both</context><setLogic>n/a</setLogic><set><conditionLogic>OR</conditionLogic>
<condition><conditionType>Vaccine Count By Date</conditionType><startDate>20240822</startDate><doseCount>1</doseCount>
<doseType>Valid</doseType><doseCountLogic>Greater Than</doseCountLogic><vaccineTypes>01; 2</vaccineTypes></condition>
</set></conditionalSkip><recurringDose>Yes</recurringDose>
<seasonalRecommendation><startDate>20240822</startDate></seasonalRecommendation>
</seriesDose></series></antigenSupportingData>"""

FILES = {"Antigen Alpha.xml": ANTIGEN.encode(), "Schedule.xml": SCHEDULE.encode(), "notes.docx": b"not read"}
